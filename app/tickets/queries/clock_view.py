"""The clocks of a ticket as its readers see them: how they stand, and why a due time is what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import instant_of, minute_of
from app.tickets.queries import sla
from app.tickets.rules.sla import Act, Clock, Entry, Key, Kind, Phase
from app.tickets.rules.sla_counting import judge
from app.tickets.rules.sla_history import Happened, story

AT_RISK = 60  # minutes before due, working ones and by the wall clock, from which a clock is shown at risk


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a trail: what happened to the clock, and the due time and minutes used afterwards.

    `kind`, `order_id`, `reason` and `human` are of the event behind it; `calendar_id` is the calendar version it names.
    """

    at: datetime
    act: Act
    event_id: int
    used: int
    due_at: datetime | None
    until: datetime | None
    policy_id: int | None
    priority: str | None
    calendar_id: int | None = None
    kind: str = ""
    order_id: int | None = None
    reason: str | None = None
    human: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """One clock. `state`: late, soon, ok, met, missed, paused, standing, void.

    `left` working minutes to the due time (negative: late by; of a stopped clock: to spare, or missed by), `raw` those
    by the wall clock.
    """

    id: int
    key: Key
    state: str
    clock: Clock
    used: int
    left: int | None
    raw: int | None
    due_at: datetime | None
    started_at: datetime
    stopped_at: datetime | None
    version_id: int
    trail: tuple[Line, ...]


def views(ticket_id: int, now: datetime) -> list[View]:
    """Every clock of a ticket as it stands now, with its trail, in the order they were started."""
    events = sla.events(ticket_id)
    behind = {event.id: event for event in events}
    told = story(events, sla.BOOK)
    ids = {(_key(row)): row.id for row in sla.of_ticket(ticket_id)}
    at = minute_of(now)
    found = []
    for key, clock in told.clocks().items():
        if key in ids:
            lines = tuple(_trail(key, told.journals[key].lines, behind))
            found.append(_view(ids[key], clock, at, lines))
    return sorted(found, key=lambda view: (view.key.cycle, view.id))


def _key(row: Any) -> Key:
    return Key(kind=Kind(row.kind), order_id=row.owner_id if row.owner_kind == "order" else None, cycle=row.cycle)


def _view(clock_id: int, clock: Clock, at: int, trail: tuple[Line, ...]) -> View:
    work = calendars.work(clock.terms.calendar)
    used = clock.used + (work.between(clock.since, at) if clock.running else 0)
    left = raw = None
    if clock.due is not None:
        seen = at if clock.stopped is None else clock.stopped
        left = work.between(seen, clock.due) if clock.due >= seen else -work.between(clock.due, seen)
        raw = clock.due - seen
    return View(
        id=clock_id,
        key=clock.key,
        state=state_of(clock, at, left, raw, runs=work.works_at(at)),
        clock=clock,
        used=used,
        left=left,
        raw=raw,
        due_at=sla.instant(clock.due),
        started_at=instant_of(clock.started),
        stopped_at=sla.instant(clock.stopped),
        version_id=clock.terms.calendar,
        trail=trail,
    )


def at_risk(left: int, raw: int, *, runs: bool) -> bool:
    """Whether a due time is near: `left` working minutes, `raw` ones by the wall clock, `runs`: its hours run now.

    Outside them the working minutes stand still, and thirty of them are not soon while they are due tomorrow.
    """
    return runs and left <= AT_RISK and raw <= AT_RISK


def state_of(clock: Clock, at: int, left: int | None, raw: int | None, *, runs: bool) -> str:
    """How a clock stands, in one word."""
    if clock.phase is Phase.STOPPED:
        return "missed" if clock.kept is False else "met"
    if clock.late(at):
        return "late"
    if clock.running:
        return "soon" if left is not None and raw is not None and at_risk(left, raw, runs=runs) else "ok"
    return clock.phase.value


def _trail(key: Key, journal: Sequence[Entry], behind: Mapping[int, Happened]) -> list[Line]:
    """Each line with what the clock said after it, and the event behind it."""
    found: list[Line] = []
    for n, entry in enumerate(journal, start=1):
        clock = judge(key, journal[:n], sla.BOOK)
        if clock is None:
            continue
        event = behind.get(entry.event)
        found.append(
            Line(
                at=instant_of(entry.at),
                act=entry.act,
                event_id=entry.event,
                used=clock.used,
                due_at=sla.instant(clock.due),
                until=sla.instant(entry.instant),
                policy_id=entry.terms.policy if entry.terms else None,
                priority=entry.terms.priority if entry.terms else None,
                calendar_id=entry.terms.calendar if entry.terms else entry.version,
                kind=event.kind if event else "",
                order_id=event.order_id if event else None,
                reason=event.reason if event else None,
                human=event.human if event else True,
            )
        )
    return found
