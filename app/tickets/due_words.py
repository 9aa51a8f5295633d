"""How a due time is said: as a chip in lists (staff and crew), as a promise in words (reporters).

Lateness and what is left are working minutes of the clock's calendar, the wall clock's beside them (tickets-rules 30);
times are said in the zone of the campus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import i18n
from app.core.i18n import gettext as _
from app.core.i18n import per_language
from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import minute_of
from app.tickets.queries.clock_view import at_risk
from app.tickets.rules.history import Remark
from app.tickets.rules.promises import BECAUSE_LABELS, Because
from app.tickets.rules.sla import KIND_LABELS, Kind
from app.tickets.rules.workflow import TicketStatus


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
    left, runs = until - at, True
    if row.due_calendar is not None:
        work = calendars.work(row.due_calendar)
        left, runs = work.between(at, until) if until >= at else -work.between(until, at), work.works_at(at)
    state = "late" if until < at else "soon" if at_risk(left, until - at, runs=runs) else "ok"
    with i18n.in_zone(row.zone):
        return Due(state, clock(row.due_clock), abs(left), i18n.format_due(row.due_at), raw=abs(until - at))


def in_words(at: datetime | None, zone: str | None) -> str:
    """ "18:00 today" in a campus's zone; empty for None."""
    with i18n.in_zone(zone):
        return i18n.format_due(at)


def promised(at: datetime | None, zone: str | None) -> str:
    """ "by 18:00 today": when it is promised, in the campus's zone; empty where nothing is promised (21)."""
    if at is None:
        return ""
    with i18n.in_zone(zone):
        return _("by %(when)s", when=i18n.format_due(at))


def because(code: str | None) -> str:
    """Why a promise was moved, for the reporter (22); empty where the event does not say."""
    return str(_(BECAUSE_LABELS[Because(code)])) if code in set(Because) else ""


@dataclass(frozen=True, slots=True)
class Promise:
    """What the reporter reads of the promise: `said` when, `kept` how it ended (None: it still runs).

    `late`: the time has passed. `moved` says from when and why where another time had been told before.
    """

    at: datetime
    said: str
    late: bool
    kept: str | None
    moved: tuple[str, ...]
    waits: bool
    excuse: str = ""


def promise(ticket: Any, events: Sequence[Any], now: datetime) -> Promise | None:
    """The promise of a ticket in words; None where nothing is promised, or the ticket ended without being done (21).

    `events` are those the reader sees, oldest first; the last of them that tells an instant says why it moved.
    """
    status = TicketStatus(ticket.status)
    if ticket.promised_at is None or status in (TicketStatus.REJECTED, TicketStatus.WITHDRAWN, TicketStatus.DUPLICATE):
        return None
    with i18n.in_zone(ticket.zone):
        over = status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
        said = _("by %(when)s", when=i18n.format_due(ticket.promised_at))
        late = not over and minute_of(ticket.promised_at) < minute_of(now)
        kept = _kept(ticket) if over and ticket.resolved_at is not None else None
        waits = status is TicketStatus.NEEDS_INFO
        moved = () if over else _moved(ticket, events)
        return Promise(ticket.promised_at, said, late, kept, moved, waits, _excuse(ticket, events))


def _kept(ticket: Any) -> str:
    spare = minute_of(ticket.promised_at) - minute_of(ticket.resolved_at)
    if spare > 0:
        return _("%(span)s before the time promised.", span=i18n.format_span(spare))
    if spare == 0:
        return _("Just at the time promised.")
    return _("%(span)s after the time promised.", span=i18n.format_span(-spare))


def _excuse(ticket: Any, events: Sequence[Any]) -> str:
    """Why the promise of this cycle was not kept, where somebody said so (18)."""
    found = (each for each in reversed(events) if each.kind == Remark.EXCUSE and each.cycle == ticket.cycle)
    of_promise = (each.reason for each in found if (each.data or {}).get("clock") == Kind.PROMISE)
    return next(of_promise, None) or ""


def _moved(ticket: Any, events: Sequence[Any]) -> tuple[str, ...]:
    told = next(
        (each for each in reversed(events) if each.kind == Remark.PROMISE and each.cycle == ticket.cycle and each.data),
        None,
    )
    if told is None or not told.data.get("because"):
        return ()
    lines = [because(told.data["because"])]
    before = told.data.get("before")
    if before and told.data["because"] != Because.AGAIN:
        moment = i18n.format_moment(datetime.fromisoformat(before))
        lines.insert(0, _("Before, it was promised by %(when)s.", when=moment))
    if told.data["because"] == Because.EXTENSION:
        asked = next((each for each in reversed(events) if each.kind == Remark.EXTENSION and each.id < told.id), None)
        lines += [asked.reason] if asked is not None and asked.reason else []
    return tuple(lines)
