"""Where and on which weekday requests come: a map of building × weekday, its rows and its file."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import render_template, send_file, url_for
from flask_babel import gettext as _

from app.core import charts, i18n, tables
from app.core.http import policy
from app.tickets import policies
from app.tickets.queries import figures
from app.tickets.reports import asked, cells
from app.tickets.reports.entry import blueprint
from app.tickets.reports.pages import choices, format_of
from app.tickets.rules.figures import By, Figure

DRAWN = 30
"""So many buildings are drawn, those with the most; the table has them all."""
WEEKDAYS = range(7)
Line = tuple[str | None, str, list[int]]


@blueprint.get("/heat")
@policy(policies.may_read_reports)
def heat() -> str:
    """Requests filed by building and weekday of the campus."""
    query = asked.read(asked.ReportQuery())
    found = lines(query)
    context = {
        "query": query,
        "kept": asked.kept(query, by=None),
        "weekdays": [i18n.weekday_name(day) for day in WEEKDAYS],
        "lines": found,
        "rows": lambda key, day=None: _rows_of(query, key, day),
        "chart": _chart(found),
        "choices": choices(query),
    }
    return render_template("tickets/reports/heat.html", **context)


@blueprint.get("/heat.<form>")
@policy(policies.may_read_reports)
def heat_file(form: str) -> Any:
    """The same as a file."""
    kind = format_of(form)
    query = asked.read(asked.ReportQuery())
    headings = [_("Building"), *(i18n.weekday_name(day) for day in WEEKDAYS), _("Sum")]
    stream = tables.written(
        kind, headings, ([name, *counts, sum(counts)] for _key, name, counts in lines(query)), _("Map")
    )
    name = f"heat-{query['first'].isoformat()}-{query['last'].isoformat()}.{form}"
    return send_file(stream, mimetype=tables.MIMETYPES[form], as_attachment=True, download_name=name)


def lines(query: dict[str, Any]) -> list[Line]:
    """The counts of each building, Monday first; the buildings with the most first."""
    counts: defaultdict[str | None, list[int]] = defaultdict(lambda: [0] * 7)
    for row in figures.by_weekday(Figure.FILED, asked.asked(query)):
        counts[row.key][row.weekday] = row.rows
    named = figures.names(By.BUILDING, list(counts))
    found = [(key, cells.group_name(By.BUILDING, key, named), its) for key, its in counts.items()]
    return sorted(found, key=lambda one: (-sum(one[2]), one[1]))


def _rows_of(query: dict[str, Any], key: str | None, day: int | None) -> str:
    """The address of the requests behind a cell."""
    narrowed = {**asked.of_group(query, By.BUILDING, key), "weekday": day}
    return url_for("reports.rows", figure=Figure.FILED.value, **asked.kept(narrowed, by=None))


def _chart(found: list[Line]) -> charts.Figure | None:
    if not found:
        return None
    frame = charts.Frame(
        id="heat",
        title=_("Requests filed by building and weekday"),
        desc=_("The darker, the more requests were filed there on that day of the week."),
        across=_("Building"),
    )
    return charts.heat(
        frame,
        [i18n.weekday_name(day) for day in WEEKDAYS],
        [(name, list(map(float, its))) for _k, name, its in found[:DRAWN]],
    )
