"""Shifts and absences of the coming week, day by day on the campus clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _

from app.core import i18n
from app.tickets.queries.technicians import WEEK, Line
from app.tickets.rules.shifts import Span

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One day: the times on duty, those on call, and whether the person is away for some of it."""

    day: date
    duty: tuple[str, ...]
    on_call: tuple[str, ...]
    away: bool


def week(line: Line, now: datetime) -> list[DayPlan]:
    """Today and the six days after it."""
    zone = i18n.zone()
    first = now.astimezone(zone).date()
    found = []
    for day in (first + timedelta(days=offset) for offset in range(WEEK)):
        begins = datetime.combine(day, time(0), zone)
        ends = datetime.combine(day + _DAY, time(0), zone)
        away = any(each.starts_at < ends and begins < each.ends_at for each in line.absences)
        found.append(DayPlan(day, _inside(line.duty, begins, ends), _inside(line.on_call, begins, ends), away))
    return found


def _inside(spans: tuple[Span, ...], begins: datetime, ends: datetime) -> tuple[str, ...]:
    """The parts of the spans on one day, as `08:00–17:30`."""
    found = []
    for span in spans:
        start, end = max(span.start, begins), min(span.end, ends)
        if start < end:
            whole = start == begins and end == ends
            last = "24:00" if end == ends else i18n.format_time(end)
            found.append(_("all day") if whole else f"{i18n.format_time(start)}–{last}")
    return tuple(found)


def present(line: Line, now: datetime) -> dict[str, Any]:
    """Where somebody is now, as `ui.chip` takes it."""
    if line.ended:
        return {"text": _("No longer a technician"), "kind": None}
    if not line.account_valid:
        return {"text": _("No valid account"), "kind": "late"}
    away = line.absent(now)
    if away is not None:
        return {"text": _("Away until %(time)s", time=i18n.format_moment(away.ends_at)), "kind": "hold"}
    until = line.on_duty(now)
    if until is not None:
        if until - now > timedelta(days=2):
            return {"text": _("On duty"), "kind": "good"}
        return {"text": _("On duty until %(time)s", time=i18n.format_moment(until)), "kind": "good"}
    following = line.next_duty(now)
    if following is not None:
        return {"text": _("Off, next %(time)s", time=i18n.format_moment(following)), "kind": None}
    return {"text": _("No shift this week"), "kind": "soon"}
