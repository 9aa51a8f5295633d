"""The rows behind a figure: listed page by page, and whole as a file."""

from __future__ import annotations

from typing import Any

from flask import render_template, send_file, url_for
from flask_babel import gettext as _

from app.core import i18n, tables, words
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.http import current_actor, policy
from app.tickets import policies
from app.tickets.queries import figure_list, figures
from app.tickets.reports import asked, cells, made
from app.tickets.reports.cells import Line
from app.tickets.reports.entry import blueprint
from app.tickets.reports.pages import choices, format_of
from app.tickets.rules import figures as rules
from app.tickets.rules.figures import Figure, Kind


@blueprint.get("/rows/<figure>")
@policy(policies.may_read_reports)
def rows(figure: str) -> str:
    """What a figure counts, the latest first; the sums above the list are those of the report."""
    one = figure_of(figure)
    query = asked.read(asked.RowsQuery())
    asked_for = asked.asked(query)
    kept = asked.kept(query, by=None)
    line = Line(one, figures.one(one, asked_for).total[one])
    context = {
        "query": query,
        "kept": kept,
        "line": line,
        "cells": cells,
        "made": made,
        "columns": made.COLUMNS[one],
        "heads": _heads(one),
        "page": figure_list.page(one, asked_for, query["hit"], query["cursor"], query["limit"]),
        "address": url_for("reports.rows", figure=figure, **kept),
        "hits": _hits(line, query) if line.kind in (Kind.SHARE, Kind.RATE) else [],
        "narrowed": narrowed(query, "reports.rows", figure=figure),
        "link": link,
        "said": words.text,
        "of_order": one in rules.OF_ORDERS,
        "timed": line.kind is Kind.TIME,
        "judged": line.kind is Kind.TIME or one is Figure.PROMISES,
        "working": one not in rules.WITHOUT_WORKING_TIME,
        "reads": sees_requests(current_actor()),
    }
    return render_template("tickets/reports/rows.html", **context)


@blueprint.get("/rows/<figure>.<form>")
@policy(policies.may_read_reports)
def rows_file(figure: str, form: str) -> Any:
    """All the rows as a file, written as they are read."""
    one, kind = figure_of(figure), format_of(form)
    query = asked.read(asked.RowsQuery())
    found = figure_list.stream(one, asked.asked(query), query["hit"])
    stream = tables.written(kind, headings(one), (row(one, each) for each in found), cells.label(one))
    name = f"{figure}-{query['first'].isoformat()}-{query['last'].isoformat()}.{form}"
    return send_file(stream, mimetype=tables.MIMETYPES[form], as_attachment=True, download_name=name)


def figure_of(code: str) -> Figure:
    """The figure an address names. Raises NotFound."""
    try:
        return Figure(code)
    except ValueError:
        raise NotFound from None


def sees_requests(actor: Actor) -> bool:
    """Whether rows link to their requests; which of those somebody sees, their pages say."""
    return policies.may_read(actor)


def _heads(figure: Figure) -> list[dict[str, Any]]:
    """The headings of the list: what every row has, the figure's own, how it counts."""
    timed = rules.KINDS[figure] is Kind.TIME
    shared = (_("Request"), made.ENDED[figure], _("Place"), _("Category"), _("Crew"))
    found = [{"label": heading} for heading in shared]
    found += [{"label": one.heading, "num": one.sort is made.Sort.NUMBER} for one in made.COLUMNS[figure]]
    if timed and figure not in rules.WITHOUT_WORKING_TIME:
        found.append({"label": _("Working time"), "num": True})
    if timed:
        found.append({"label": _("Raw time"), "num": True})
    judged = timed or figure is Figure.PROMISES
    return [*found, {"label": _("Kept")} if judged else {"label": _("Counted"), "num": True}]


def _hits(line: Line, query: dict[str, Any]) -> list[dict[str, Any]]:
    """All rows, those that count, those that do not."""
    named = [(None, _("All")), ("yes", _("Counted")), ("no", _("Not counted"))]
    return [
        {
            "label": label,
            "url": url_for("reports.rows", figure=line.figure.value, **asked.kept({**query, "hit": hit}, by=None)),
            "current": query["hit"] == hit,
        }
        for hit, label in named
    ]


def narrowed(query: dict[str, Any], endpoint: str, **of: Any) -> list[tuple[str, str, str]]:
    """The filters that are on: name, value, and the address of the list without each."""
    offered = choices(query)
    labels = {
        "campus": _("Campus"),
        "building": _("Building"),
        "trade": _("Trade"),
        "crew": _("Crew"),
        "category": _("Category"),
        "weekday": _("Weekday"),
    }
    found = []
    for name, label in labels.items():
        value = query.get(name)
        if value is None:
            continue
        names = {each["value"]: each["label"] for each in offered.get(name, [])}
        said = (
            i18n.weekday_name(value)
            if name == "weekday"
            else _("without one")
            if value == 0
            else names.get(value, str(value))
        )
        address = url_for(endpoint, **of, **asked.kept({**query, name: None}, by=None))
        found.append((str(label), str(said), address))
    return found


def link(row: Any) -> str:
    """The address of the request of a row."""
    return url_for("tickets.show", ticket_id=row.ticket_id)


def headings(figure: Figure) -> list[str]:
    """The columns of the file; those of the figure's own last."""
    return [
        _("Request"),
        _("Order"),
        _("Repair no."),
        _("Day"),
        _("Time"),
        _("Place"),
        _("Category"),
        _("Trade"),
        _("Crew"),
        _("Working minutes"),
        _("Raw minutes"),
        _("Counted"),
        _("Of"),
        _("Stars"),
        _("Provisional"),
        _("Excused"),
        *(str(column.heading) for column in made.COLUMNS[figure]),
    ]


def row(figure: Figure, found: Any) -> list[tables.Cell]:
    """One row of the file."""
    locale = i18n.locale()
    return [
        found.number,
        found.order_number,
        found.cycle,
        found.day.isoformat(),
        made.plain_moment(found, found.ended)[-5:],
        found.place or found.place_text,
        words.text(found.category, locale),
        words.text(found.trade, locale) if found.trade else None,
        words.text(found.crew, locale) if found.crew else None,
        found.work,
        found.raw,
        None if rules.KINDS[figure] is Kind.COUNT else found.part,
        None if rules.KINDS[figure] is Kind.COUNT else found.whole,
        None if found.score is None else round(float(found.score), 2),
        int(found.provisional) if figure in rules.MAY_CHANGE else None,
        int(found.excused) if found.excused is not None else None,
        *(made.cell(column, found) for column in made.COLUMNS[figure]),
    ]
