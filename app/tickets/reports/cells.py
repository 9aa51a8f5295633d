"""From sums to what is shown: the same cells on the page, in a file and over the API.

Minutes are shown whole (8), shares with one decimal and never without their n of m; what there is no figure for is a
dash, never nought.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.core import i18n, tables, words
from app.tickets.queries.figures import Report
from app.tickets.rules import figures as rules
from app.tickets.rules.figures import By, Figure, Kind, Lengths, Sums

NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure in one group; `key` and `name` of the group, None for all rows together."""

    figure: Figure
    sums: Sums
    key: str | None = None
    name: str | None = None

    @property
    def kind(self) -> Kind:
        return rules.KINDS[self.figure]


def label(figure: Figure) -> str:
    """What a figure is called."""
    return str(_(rules.FIGURE_LABELS[figure]))


def meaning(figure: Figure) -> str:
    """What a figure says, in a sentence."""
    return str(_(rules.MEANINGS[figure]))


def by_label(by: By) -> str:
    """What a breakdown is by."""
    return str(_(rules.BY_LABELS[by]))


def whole(minutes: float | None) -> int | None:
    """A length as it is shown: whole minutes."""
    return None if minutes is None else round(minutes)


def span(minutes: float | None) -> str:
    """A length in words."""
    return NOTHING if minutes is None else i18n.format_span(round(minutes))


def ratio(kind: Kind, sums: Sums) -> float | None:
    """Shares, and of times those kept, in percent with one decimal; rates with two. A count has none."""
    found = sums.ratio
    if found is None or kind is Kind.COUNT:
        return None
    return round(found, 2) if kind is Kind.RATE else round(100 * found, 1)


def said(line: Line) -> str:
    """The figure in words: `83.3%`, `1.25`, `3 h 20 min`, `240`."""
    if line.kind is Kind.TIME:
        return span(rules.leading(line.figure, line.sums))
    if line.kind is Kind.COUNT:
        return i18n.format_number(line.sums.rows)
    found = ratio(line.kind, line.sums)
    if found is None:
        return NOTHING
    return f"{found:.1f}%" if line.kind is Kind.SHARE else f"{found:.2f}"


def of(line: Line) -> str:
    """What stands beside the figure: how many of how many, of a rate how many for how many."""
    if line.kind is Kind.RATE:
        return str(
            _(
                "%(part)s for %(whole)s",
                part=i18n.format_number(line.sums.part),
                whole=i18n.format_number(line.sums.whole),
            )
        )
    return str(
        _("%(part)s of %(whole)s", part=i18n.format_number(line.sums.part), whole=i18n.format_number(line.sums.whole))
    )


def stars(sums: Sums) -> float | None:
    """The mean of the stars of what was rated."""
    return None if sums.score is None else round(sums.score, 2)


def totals(report: Report) -> list[Line]:
    """Every figure over all rows."""
    return [Line(figure, report.total[figure]) for figure in Figure]


def grouped(report: Report, by: By, names: Mapping[str, Any]) -> list[tuple[str | None, str, dict[Figure, Sums]]]:
    """The groups with their names, months in order of time, others by name, what has none of them last."""
    found = [(key, group_name(by, key, names), sums) for key, sums in report.groups.items()]
    return sorted(found, key=lambda one: (one[0] is None, one[1]))


def group_name(by: By, key: str | None, names: Mapping[str, Any]) -> str:
    """What a group is called."""
    if key is None:
        return str(_("without one"))
    if by is By.MONTH:
        return key
    name = names.get(key)
    if name is None:
        return key
    return name if isinstance(name, str) else words.text(name, i18n.locale())


def headings(by: By | None) -> list[str]:
    """The columns of a file of figures."""
    found = [
        _("Figure"),
        _("Cases"),
        _("Counted"),
        _("Of"),
        _("Percent or rate"),
        _("Provisional"),
        _("Excused"),
        _("Working minutes, mean"),
        _("Working minutes, median"),
        _("Working minutes, 90th percentile"),
        _("Raw minutes, mean"),
        _("Raw minutes, median"),
        _("Raw minutes, 90th percentile"),
        _("Stars, mean"),
    ]
    return [by_label(by), *found] if by else found


def row(line: Line, by: By | None) -> list[tables.Cell]:
    """One line of a file of figures; shown and exported alike."""
    sums = line.sums
    found: list[tables.Cell] = [
        label(line.figure),
        sums.rows,
        None if line.kind is Kind.COUNT else sums.part,
        None if line.kind is Kind.COUNT else sums.whole,
        ratio(line.kind, sums),
        sums.provisional if line.figure in rules.MAY_CHANGE else None,
        sums.excused if line.kind is Kind.TIME or line.figure is Figure.PROMISES else None,
        *_lengths(sums.work),
        *_lengths(sums.raw),
        stars(sums),
    ]
    return [line.name, *found] if by else found


def _lengths(lengths: Lengths) -> Iterable[int | None]:
    return (whole(lengths.mean), whole(lengths.median), whole(lengths.p90))


def plain(line: Line) -> dict[str, Any]:
    """One figure as the API gives it: minutes as they are, shares as fractions."""
    sums = line.sums
    return {
        "figure": line.figure.value,
        "kind": line.kind.value,
        "rows": sums.rows,
        "part": sums.part,
        "whole": sums.whole,
        "ratio": sums.ratio,
        "provisional": sums.provisional,
        "excused": sums.excused,
        "working_minutes": _plain_lengths(sums.work),
        "raw_minutes": _plain_lengths(sums.raw),
        "stars": sums.score,
    }


def _plain_lengths(lengths: Lengths) -> dict[str, float | None]:
    return {"mean": lengths.mean, "median": lengths.median, "p90": lengths.p90}
