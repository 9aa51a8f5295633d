"""The figures of feedback as page, file and API give them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from app.core import charts, clock, i18n, tables
from app.core.actor import Actor
from app.portal import feedback_words
from app.portal.queries import feedback_figures as queries
from app.portal.rules.feedback import Kind
from app.portal.rules.feedback_figures import By, Tally

USUAL = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Report:
    """What was asked, and the tallies: in all, and by group (key, name, tally)."""

    first: date
    last: date
    by: By
    total: Tally
    groups: list[tuple[str | None, str, Tally]]


def report(actor: Actor, query: dict[str, Any]) -> Report:
    """The figures of what the actor may answer; the last 90 days unless others are asked for."""
    now, by = clock.now(), query["by"]
    today = now.astimezone(i18n.zone()).date()
    last = query["last"] or max(today, query["first"] or today)
    first = query["first"] or last - USUAL
    total, found = queries.tallies(actor, by, first, last, now, str(i18n.zone()))
    if by is By.KIND:
        found = {kind.value: found.get(kind.value, Tally()) for kind in Kind}
    named = queries.names(list(found)) if by is By.BUILDING else {}
    groups = [(key, _name(by, key, named), tally) for key, tally in found.items()]
    if by is not By.KIND:
        groups.sort(key=lambda one: (one[0] is None, one[1]))
    return Report(first, last, by, total, groups)


def _name(by: By, key: str | None, named: dict[str, str]) -> str:
    if key is None:
        return str(_("without one"))
    return feedback_words.kind(key) if by is By.KIND else named.get(key, key)


def by_label(by: By) -> str:
    """What the figures are broken down by."""
    words = {By.KIND: _("Kind"), By.MONTH: _("Month"), By.BUILDING: _("Building")}
    return str(words[by])


def percent(tally: Tally) -> float | None:
    """In time, in percent with one decimal."""
    return None if tally.share is None else round(100 * tally.share, 1)


def whole(minutes: float | None) -> int | None:
    """A length as it is shown: whole minutes."""
    return None if minutes is None else round(minutes)


def headings(by: By) -> list[str]:
    """The columns of the file."""
    return [
        by_label(by),
        _("Count"),
        _("Without a name"),
        _("Answered"),
        _("In time"),
        _("In time or late"),
        _("In time, percent"),
        _("Late, not answered"),
        _("Still in time"),
        _("Became a request or a notice"),
        _("Working minutes to the first answer, median"),
        _("Working minutes to the first answer, 90th percentile"),
        _("Raw minutes to the first answer, median"),
        _("Raw minutes to the first answer, 90th percentile"),
    ]


def row(name: str, tally: Tally) -> list[tables.Cell]:
    """One line of the file, as the page says it."""
    return [
        name,
        tally.said,
        tally.nameless,
        tally.answered,
        tally.in_time,
        tally.judged,
        percent(tally),
        tally.overdue,
        tally.waiting,
        tally.became,
        whole(tally.work_median),
        whole(tally.work_p90),
        whole(tally.raw_median),
        whole(tally.raw_p90),
    ]


def plain(key: str | None, name: str, tally: Tally) -> dict[str, Any]:
    """One group as the API gives it."""
    return {"key": key, "name": name, **asdict(tally), "waiting": tally.waiting, "share": tally.share}


def chart(found: Report) -> charts.Figure | None:
    """How each group stands; None where nothing was said."""
    shown = [(name, tally) for _key, name, tally in found.groups if tally.said]
    if not shown:
        return None
    frame = charts.Frame(
        id="feedback",
        title=_("Feedback and its first answer"),
        desc=_("How much was said, and how its first answer stands: in time, late, or still to come."),
        across=by_label(found.by),
        unit=_("Count"),
    )
    tallies = [tally for _name, tally in shown]
    series = [
        charts.Series(_("Answered in time"), [float(one.in_time) for one in tallies], "k-good"),
        charts.Series(_("Answered late"), [float(one.answered - one.in_time) for one in tallies], "k-soon"),
        charts.Series(_("Late, not answered"), [float(one.overdue) for one in tallies], "k-late"),
        charts.Series(_("Still in time"), [float(one.waiting) for one in tallies], "k1"),
    ]
    return charts.stacked(frame, [name for name, _tally in shown], series)
