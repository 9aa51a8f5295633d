"""The figures somebody who answers for repairs looks at first: those of the last thirty days, and what is open now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.tickets.queries import figures, open_work
from app.tickets.reports import asked, cells
from app.tickets.reports.cells import Line
from app.tickets.rules.figures import Age, By, Figure

DAYS: Final = 30
SHOWN: Final = (Figure.FILED, Figure.RESTORE, Figure.PROMISES, Figure.FIRST_TIME, Figure.SATISFACTION)


def headline(now: datetime) -> list[dict[str, Any]]:
    """Label, value, what stands beside it and the report it is of, as far as whoever asks reads reports."""
    narrowed: dict[str, Any] = dict.fromkeys(asked.FILTERS) | {"alone": False}
    query = narrowed | {"first": asked.today() - timedelta(days=DAYS - 1), "last": asked.today()}
    report = figures.report(asked.asked(query), None, SHOWN)
    return [_figure(Line(figure, report.total[figure]), query) for figure in SHOWN] + [_open(narrowed, now)]


def _figure(line: Line, query: dict[str, Any]) -> dict[str, Any]:
    days = asked.kept(query)
    return {
        "label": cells.label(line.figure),
        "value": cells.said(line),
        "note": _beside(line),
        "url": url_for("reports.index", figure=line.figure.value, **days, _anchor="breakdown"),
    }


def _beside(line: Line) -> str | None:
    """How many of how many, or the stars of what was rated; nothing where there is nothing to count."""
    if line.figure is Figure.FILED or not line.sums.whole:
        return None
    if line.figure is Figure.RESTORE:
        return str(_("%(part)s in time", part=cells.of(line)))
    stars = cells.stars(line.sums)
    return str(_("%(stars)s of 5 stars", stars=stars)) if stars is not None else cells.of(line)


def _open(narrowed: dict[str, Any], now: datetime) -> dict[str, Any]:
    total, _groups = open_work.summed(asked.asked(asked.now_open(narrowed), ended=False), By.CREW, now)
    old = total.ages.get(Age.OLD, 0)
    return {
        "label": _("Open requests"),
        "value": str(sum(total.ages.values())),
        "note": ngettext("%(num)s for more than 30 working days", "%(num)s for more than 30 working days", old)
        if old
        else None,
        "kind": "late" if old else None,
        "url": url_for("reports.backlog"),
    }
