"""The figures of reports over the API, and the rows behind each."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core.db import read_elsewhere
from app.core.http import accepts, answers, policy
from app.core.http.api import json_answer
from app.core.i18n import iso
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import figure_list, figures
from app.tickets.reports import asked, cells, made
from app.tickets.reports.cells import Line
from app.tickets.reports.rows import figure_of
from app.tickets.rules.figures import Figure, Sums
from app.tickets.schemas import figures as schemas


@blueprint.route("/reports/figures", methods=["GET"])
@accepts(blueprint, asked.ReportQuery, location="query")
@answers(blueprint, 200, schemas.ReportOut)
@policy(policies.may_read_reports)
def report_figures(given: dict[str, Any]) -> Response:
    """Every figure of repairs over the days and things asked for, in all and by group; of what lies in your scopes."""
    read_elsewhere()
    query = asked.within(given)
    by = query["by"]
    report = figures.report(asked.asked(query), by)
    named = figures.names(by, list(report.groups))
    return json_answer(
        {
            "first": query["first"].isoformat(),
            "last": query["last"].isoformat(),
            "by": by.value,
            "total": [cells.plain(line) for line in cells.totals(report)],
            "groups": [
                {
                    "key": key,
                    "name": name,
                    "figures": [cells.plain(Line(figure, sums.get(figure, Sums()), key, name)) for figure in Figure],
                }
                for key, name, sums in cells.grouped(report, by, named)
            ],
        }
    )


@blueprint.route("/reports/figures/<figure>/rows", methods=["GET"])
@accepts(blueprint, asked.RowsQuery, location="query")
@answers(blueprint, 200, schemas.RowsOut)
@policy(policies.may_read_reports)
def report_rows(given: dict[str, Any], figure: str) -> Response:
    """The rows behind a figure, the latest first; their sums are the figure."""
    read_elsewhere()
    one = figure_of(figure)
    query = asked.within(given)
    page = figure_list.page(one, asked.asked(query), query["hit"], query["cursor"], query["limit"])
    return json_answer({"items": [_row(one, each) for each in page.items], "next": page.next})


def _row(figure: Figure, found: Any) -> dict[str, Any]:
    return {
        "ticket_id": str(found.ticket_id),
        "number": found.number,
        "order_id": None if found.order_id is None else str(found.order_id),
        "order_number": found.order_number,
        "cycle": found.cycle,
        "ended_at": iso(found.ended),
        "day": found.day.isoformat(),
        "part": found.part,
        "whole": found.whole,
        "working_minutes": found.work,
        "raw_minutes": found.raw,
        "stars": None if found.score is None else float(found.score),
        "provisional": bool(found.provisional),
        "excused": bool(found.excused),
        "details": {column.name: made.plain(column, found) for column in made.COLUMNS[figure]},
    }
