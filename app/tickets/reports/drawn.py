"""The charts of the reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask_babel import gettext as _

from app.core import charts, i18n
from app.tickets.reports import cells
from app.tickets.reports.cells import Line
from app.tickets.rules import figures as rules
from app.tickets.rules.figures import By, Figure, Kind

RANKED = 20
"""So many groups are drawn; the table has them all."""


def breakdown(figure: Figure, by: By, lines: Sequence[Line]) -> charts.Figure | None:
    """A figure by group: bars for months, ranks for the others; None where no group has a figure."""
    if all(rules.leading(figure, line.sums) is None for line in lines):
        return None
    kind = rules.KINDS[figure]
    frame = charts.Frame(
        id="breakdown",
        title=cells.label(figure),
        desc=cells.meaning(figure),
        across=cells.by_label(by),
        unit=_unit(kind),
        show=_shown(kind),
    )
    if by is By.MONTH:
        values = [_value(figure, line) for line in lines]
        return charts.bars(frame, [line.name or "" for line in lines], [charts.Series(cells.label(figure), values)])
    ranked = [(line, value) for line in lines if (value := _value(figure, line)) is not None]
    ranked.sort(key=lambda one: (-one[1], one[0].name or ""))
    return charts.ranks(frame, [(f"{line.name} ({line.sums.rows})", value, "k1") for line, value in ranked[:RANKED]])


def _value(figure: Figure, line: Line) -> float | None:
    """As it is drawn: hours for times, percent for shares."""
    found = rules.leading(figure, line.sums)
    if found is None:
        return None
    kind = rules.KINDS[figure]
    return (
        round(found / 60, 1) if kind is Kind.TIME else round(found * 100, 1) if kind is Kind.SHARE else round(found, 2)
    )


def _unit(kind: Kind) -> str:
    return str({Kind.TIME: _("Hours"), Kind.SHARE: "", Kind.COUNT: _("Count"), Kind.RATE: _("Rate")}[kind])


def _shown(kind: Kind) -> Callable[[float], str]:
    digits = {Kind.TIME: 1, Kind.SHARE: 1, Kind.RATE: 2}.get(kind, 0)
    percent = "%" if kind is Kind.SHARE else ""
    return lambda value: f"{i18n.format_number(value, digits)}{percent}"
