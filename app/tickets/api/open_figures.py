"""Backlog, ageing and the heat map over the API, and the open requests and orders behind each number."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.db import read_elsewhere
from app.core.errors import NotFound
from app.core.http import accepts, answers, policy
from app.core.http.api import json_answer
from app.core.i18n import iso
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import open_rows
from app.tickets.queries.open_work import Open
from app.tickets.reports import asked, backlog, heat
from app.tickets.rules.figures import Age
from app.tickets.schemas import figures as schemas


@blueprint.route("/reports/heat", methods=["GET"])
@accepts(blueprint, asked.ReportQuery, location="query")
@answers(blueprint, 200, schemas.HeatOut)
@policy(policies.may_read_reports)
def report_heat(given: dict[str, Any]) -> Response:
    """Requests filed by building and weekday; the rows behind a count are those of `filed` with its weekday."""
    read_elsewhere()
    query = asked.within(given)
    return json_answer(
        {
            "first": query["first"].isoformat(),
            "last": query["last"].isoformat(),
            "items": [
                {"key": key, "name": name, "weekdays": counts, "sum": sum(counts)}
                for key, name, counts in heat.lines(query)
            ],
        }
    )


@blueprint.route("/reports/backlog", methods=["GET"])
@accepts(blueprint, asked.OpenQuery, location="query")
@answers(blueprint, 200, schemas.BacklogOut)
@policy(policies.may_read_reports)
def report_backlog(given: dict[str, Any]) -> Response:
    """What is open now against the shifts of the crews, and how old it is."""
    read_elsewhere()
    query = asked.now_open(given)
    total, groups = backlog.report(query)
    return json_answer(
        {
            "by": query["by"].value,
            "total": _open(total),
            "groups": [{"key": key, "name": name, **_open(one)} for key, name, one in groups],
        }
    )


@blueprint.route("/reports/backlog/<kind>", methods=["GET"])
@accepts(blueprint, asked.OpenQuery, location="query")
@answers(blueprint, 200, schemas.OpenRowsOut)
@policy(policies.may_read_reports)
def report_backlog_rows(given: dict[str, Any], kind: str) -> Response:
    """The open `orders` or `requests` themselves, the eldest first."""
    read_elsewhere()
    if kind not in open_rows.KINDS:
        raise NotFound
    query = asked.now_open(given)
    page = open_rows.page(kind, asked.asked(query, ended=False), clock.now(), query["cursor"], query["limit"])
    return json_answer({"items": [_row(each) for each in page.items], "next": page.next})


def _open(one: Open) -> dict[str, Any]:
    return {
        "orders": one.orders,
        "planned_minutes": one.planned,
        "weekly_shift_minutes": one.weekly,
        "crew_weeks": one.weeks,
        "requests": sum(one.ages.values()),
        "ages": {age.value: one.ages.get(age, 0) for age in Age},
    }


def _row(found: Any) -> dict[str, Any]:
    return {
        "ticket_id": str(found.ticket_id),
        "number": found.number,
        "order_id": None if found.order_id is None else str(found.order_id),
        "order_number": found.order_number,
        "filed_at": iso(found.ended),
        "state": found.state if found.order_id is not None else found.status,
        "planned_minutes": found.planned_minutes,
        "age": found.age,
    }
