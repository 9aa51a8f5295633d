"""How a due time is said: as a chip in lists (staff and crew), as a promise in words (reporters).

Lateness and what is left are working minutes of the clock's calendar, the wall clock's beside them (tickets-rules 30);
times are said in the zone of the campus.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import i18n
from app.core.i18n import gettext as _
from app.core.i18n import per_language
from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import minute_of
from app.tickets.queries.clock_view import AT_RISK
from app.tickets.rules.sla import KIND_LABELS, Kind


@dataclass(frozen=True, slots=True)
class Due:
    """What `ui.due` takes. `state`: late, soon, ok or paused; `minutes` working minutes late by or left."""

    state: str
    clock: str
    minutes: int | None = None
    at: str | None = None
    reason: str | None = None
    raw: int | None = None


@per_language
def clock(kind: str) -> str:
    """What a clock is called."""
    return str(_(KIND_LABELS[Kind(kind)]))


def due(row: Any, now: datetime) -> Due | None:
    """The earliest due time of a line, named; None where none runs.

    `row` has due_at, due_clock, due_calendar and zone (`queries.due`).
    """
    if row.due_at is None or row.due_clock is None:
        return None
    at, until = minute_of(now), minute_of(row.due_at)
    left = until - at
    if row.due_calendar is not None:
        work = calendars.work(row.due_calendar)
        left = work.between(at, until) if until >= at else -work.between(until, at)
    state = "late" if until < at else "soon" if left <= AT_RISK else "ok"
    with i18n.in_zone(row.zone):
        return Due(state, clock(row.due_clock), abs(left), i18n.format_due(row.due_at), raw=abs(until - at))


def promised(at: datetime | None, zone: str | None) -> str:
    """ "by 18:00 today": when it is promised, in the campus's zone; empty where nothing is promised (21)."""
    if at is None:
        return ""
    with i18n.in_zone(zone):
        return _("by %(when)s", when=i18n.format_due(at))
