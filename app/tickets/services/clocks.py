"""Clocks are kept with the acts that move them: rows, promises and due times equal what the events say (rules 1 to 28).

Nothing is carried on from the rows: whenever something happened that clocks read, all clocks of the ticket are judged
anew from its events, and the rows that differ are written. So they are right after any act, in whatever order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import current_institution, db
from app.core.i18n import iso
from app.events.tickets.clocks import ClockEndless, PromiseTold
from app.sites.calendars import queries as calendars
from app.sites.calendars import services as calendar_services
from app.sites.rules.worktime import minute_of
from app.tickets.models import Clock as ClockRow
from app.tickets.models import SlaPolicy, SlaPolicyVersion
from app.tickets.queries import crews
from app.tickets.queries import sla as book
from app.tickets.queries.sla_policies import POLICIES
from app.tickets.rules import escalation, promises, sla_policy
from app.tickets.rules.history import Remark
from app.tickets.rules.sla import Clock, Key, Kind, Terms
from app.tickets.rules.sla_history import Happened, Story, matters
from app.tickets.rules.workflow import ORDER_OPEN, TICKET_OPEN

if TYPE_CHECKING:
    from app.tickets.services.case import Case

ENDLESS = "endless"
USUAL = {"zh-CN": "默认服务标准", "en": "Usual service level"}


def ensure(now: datetime) -> None:
    """Give an institution that has none its usual policy (28) and the calendars it names. Safe to run again."""
    calendar_services.ensure(now)
    policy_id = db.session.scalar(
        insert(SlaPolicy)
        .values(institution_id=current_institution(), code="usual", name=USUAL, usual=True)
        .on_conflict_do_nothing()
        .returning(SlaPolicy.id)
    )
    if policy_id is not None:
        POLICIES.add(policy_id, 1, sla_policy.written(sla_policy.DEFAULT), at=now, by=None)


def put_off(ticket_id: int, now: datetime, until: datetime) -> None:
    """Steps of a ticket that could not be taken are tried again at `until`, so that they keep no others from theirs."""
    db.session.execute(
        update(ClockRow)
        .where(ClockRow.ticket_id == ticket_id, ClockRow.next_at <= now)
        .values(next_at=until)
        .execution_options(synchronize_session=False)
    )


def terms(
    policy: int | None, by_class: Mapping[str, int], priority: str, now: datetime, campus_id: int | None
) -> Terms:
    """Under what the clocks of a priority count from now on: policy, and the calendar its hours class is on a campus.

    `policy` and `by_class` (hours class → version) as they were read; where an institution has none yet, it gets them.
    """
    if policy is None or not by_class:
        ensure(now)
        policy = policy if policy is not None else _usual()
        by_class = calendars.in_force_by_class(campus_id)
    hours = book.policy(policy).lines[priority].hours
    return Terms(policy, priority, by_class.get(hours) or by_class["office"])


def _usual() -> int:
    found: int = db.session.execute(
        select(SlaPolicyVersion.id)
        .join(SlaPolicy, SlaPolicy.id == SlaPolicyVersion.policy_id)
        .where(SlaPolicy.usual)
        .order_by(SlaPolicyVersion.number.desc())
        .limit(1)
    ).scalar_one()
    return found


def terms_of(case: Case, priority: str | None = None) -> Terms:
    """What is in force for a ticket's category, place and priority at this moment (7, 17)."""
    ticket = case.ticket
    return terms(
        book.version_for(ticket.category_id),
        calendars.in_force_by_class(ticket.campus_id),
        priority or ticket.priority,
        case.now,
        ticket.campus_id,
    )


def terms_told(case: Case, priority: str | None = None) -> dict[str, Any]:
    """The same as an event says it."""
    return book.terms_data(terms_of(case, priority))


@dataclass(slots=True)
class Judged:
    """The clocks of a ticket after what has just happened, and what the reporter is to be told."""

    story: Story
    clocks: dict[Key, Clock]
    promised: int | None
    told: int | None
    because: promises.Because | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)


def judge(past: Sequence[Happened], new: Sequence[Happened]) -> Judged:
    """Take up the past as it was, then what is new, telling the reporter where the rules tell him something."""
    story = Story(book.BOOK)
    for event in past:
        story.tell(event)
    told: int | None = None
    because: promises.Because | None = None
    for event in new:
        minute = promises.told_after(story, event)
        if minute is not None:
            told, because = minute, promises.because(event)
    if told is not None:
        story.tell(_promise(new[-1], told))
    clocks = story.clocks()
    promise = clocks.get(Key(kind=Kind.PROMISE, cycle=story.cycle))
    return Judged(story, clocks, promise.due if promise else None, told, because)


def _promise(after: Happened, until: int) -> Happened:
    return Happened(id=after.id, at=after.at, kind=Remark.PROMISE.value, human=False, data={"until": until})


@dataclass(frozen=True, slots=True)
class Begun:
    """The clocks of a ticket as it is filed: the values of the filing statement, and the promise told at once.

    `endless`: one of them never comes due, so `alarm` is for the one who filed it to call.
    """

    values: Mapping[str, Any]
    promised_at: datetime | None
    endless: bool = False


def begin(found: Any, priority: str, automatic: bool, now: datetime, window: datetime | None = None) -> Begun:
    """Start the clocks of a ticket that is filed now; `automatic`: accepted at once, its order queued (1, 4, 21).

    `found` has `policy_version_id`, `hours` (class → calendar version) and `campus_id`; `window` is the end of the
    visit window the reporter chose (16).
    """
    under = terms(found.policy_version_id, found.hours or {}, priority, now, found.campus_id)
    chosen = None if window is None else minute_of(window)
    begun = _begun(current_institution(), under, automatic, minute_of(now), chosen)
    told = orjson.dumps({"sla": book.terms_data(under), "window": iso(window)}).decode()
    return Begun({**begun.values, "terms": told}, begun.promised_at, begun.endless)


@lru_cache(maxsize=256)  # a burst: what is filed in one minute under the same terms begins alike
def _begun(_institution: int, under: Terms, automatic: bool, at: int, window: int | None) -> Begun:
    began: dict[str, Any] = {"terms": under}
    if window is not None:
        began["window"] = window
    happened = [Happened(id=1, at=at, kind="file", human=True, to="submitted", data=began)]
    if automatic:
        happened += [
            Happened(id=2, at=at, kind="accept", human=False, to="accepted"),
            Happened(id=3, at=at, kind="open", human=False, order_id=0, to="planned"),
            Happened(id=4, at=at, kind="queue", human=False, order_id=0, to="queued"),
        ]
    judged = judge([], happened)
    rows = [row_of(clock, (), 0) for clock in judged.clocks.values()]
    first = _earliest([clock for clock in judged.clocks.values() if clock.due is not None])
    promised_at = book.instant(judged.promised)
    return Begun(
        {
            "policy": under.policy,
            "calendar": under.calendar,
            "promise": orjson.dumps({"until": iso(promised_at)}).decode(),
            "minute": book.instant(at),
            "promised_at": promised_at,
            "due_at": first[0],
            "due_clock": first[1],
            "c_kinds": [row["kind"] for row in rows],
            "c_of_order": [row["owner_kind"] == "order" for row in rows],
            "c_targets": [row["target"] for row in rows],
            "c_dues": [row["due_at"] for row in rows],
            "c_earliest": [row["not_before"] for row in rows],
            "c_next": [row["next_at"] for row in rows],
        },
        promised_at,
        any(clock.endless for clock in judged.clocks.values()),
    )


def settle(case: Case, pending: list[dict[str, Any]]) -> Callable[[], None] | None:
    """Judge the clocks of a case whose new events are about to be written.

    Sets due times and promise on the held rows and adds the promise told to the events. Returns what writes the clock
    rows, to be called when orders and events are there; None where nothing happened that clocks read.
    """
    new = [book.happened(row, number) for number, row in enumerate(pending, start=2**62)]
    if not any(matters(event) for event in new):
        return None
    past = book.events(case.ticket.id)
    judged = judge(past, new)
    if judged.story.terms is None and not judged.clocks:
        return None  # filed before there were clocks
    if judged.told is not None:
        _tell(case, judged)
    _alarm(case, judged.clocks, _alarmed(past, new))
    mark(case, judged.clocks, judged.promised)
    taken = taken_in(past, new)
    return lambda: write(case.ticket.id, judged.clocks, taken)


def _tell(case: Case, judged: Judged) -> None:
    """The promise is an event with its instant (21); each is told."""
    because = None if case.ticket.promised_at is None else judged.because
    tell(case, iso(book.instant(judged.told)) or "", because)


def tell(case: Case, until: str, because: promises.Because | None) -> None:
    """Tell the reporter an instant; `because`: what moved the one told before, None: it is the first (22)."""
    data = {"until": until}
    if because is not None:
        data |= {"before": iso(case.ticket.promised_at) or "", "because": because.value}
    case.remark(Remark.PROMISE, by_system=True, data=data)
    first = because is None
    case.tell(PromiseTold(case.ticket.id, case.ticket.cycle, until, first, because.value if because else ""))


def alarm(case: Case) -> None:
    """What `settle` does for acts, for a ticket just filed with a clock that never comes due (10)."""
    past = book.events(case.ticket.id)
    _alarm(case, judge(past, []).clocks, _alarmed(past))


def _alarm(case: Case, judged: Mapping[Key, Clock], alarmed: set[Key]) -> None:
    """10: no working time within ten years means no due time; the supervisors are told, once for each clock."""
    for key, clock in judged.items():
        if not clock.endless or key in alarmed:
            continue
        people = crews.supervisors(campus_id=case.ticket.campus_id, building_id=case.ticket.building_id, now=case.now)
        case.remark(
            Remark.ESCALATION,
            order_id=key.order_id,
            by_system=True,
            data={
                "clock": key.kind.value,
                "order_id": key.order_id,
                "cycle": key.cycle,
                "alarm": ENDLESS,
                "person_ids": [str(each) for each in people],
            },
        )
        case.tell(ClockEndless(case.ticket.id, key.order_id, key.kind.value, key.cycle, people))


def _alarmed(*histories: Sequence[Happened]) -> set[Key]:
    return {
        event.data["clock"]
        for events_ in histories
        for event in events_
        if event.kind == Remark.ESCALATION and event.data.get("alarm") == ENDLESS
    }


def mark(case: Case, clocks: Mapping[Key, Clock], promised: int | None) -> None:
    """Due times and the promise on the ticket and its orders, for the lists."""
    ticket = case.ticket
    ticket.promised_at = book.instant(promised)
    running = [clock for clock in clocks.values() if clock.running and clock.due is not None]
    of_ticket = [clock for clock in running if clock.key.order_id is None]
    for order in case.orders.values():
        own = [clock for clock in running if clock.key.order_id == order.id]
        order.due_at, order.due_clock = _earliest([*own, *of_ticket] if order.state in ORDER_OPEN else [])
    ticket.due_at, ticket.due_clock = _earliest(running if ticket.status in TICKET_OPEN else [])


def _earliest(clocks: Sequence[Clock]) -> tuple[datetime | None, str | None]:
    """The earliest due time and whose it is; none where everything pauses (1)."""
    first = min(clocks, key=lambda clock: (clock.due or 0, clock.key.kind), default=None)
    return (None, None) if first is None else (book.instant(first.due), first.key.kind.value)


def taken_in(*histories: Sequence[Happened]) -> set[tuple[Key, str, int]]:
    """The escalation steps that stand in the history: clock, step, and the due time it was taken for."""
    return {
        (event.data["clock"], event.data["step"], event.data["due"])
        for events_ in histories
        for event in events_
        if event.kind == Remark.ESCALATION and "step" in event.data
    }


def taken_for(taken: set[tuple[Key, str, int]], key: Key) -> set[tuple[str, int]]:
    """The steps taken for one clock."""
    return {(step, due) for clock, step, due in taken if clock == key}


def write(ticket_id: int, clocks: Mapping[Key, Clock], taken: set[tuple[Key, str, int]]) -> None:
    """Write the rows that differ from what the clocks say; rows of clocks a policy no longer has are void."""
    stored = {key_of(row): row for row in book.of_ticket(ticket_id)}
    rows = {key: row_of(clock, taken_for(taken, key), ticket_id) for key, clock in clocks.items()}
    new = [row for key, row in rows.items() if key not in stored]
    if new:
        db.session.execute(insert(ClockRow), new)
    for key, row in rows.items():
        if key in stored:
            changed = {name: value for name, value in row.items() if getattr(stored[key], name, value) != value}
            if changed:
                _change(stored[key].id, changed)
    for key, gone in stored.items():
        if key not in rows and gone.phase != "void":
            _change(gone.id, {"phase": "void", "due_at": None, "next_at": None, "target": None, "stopped_at": None})


def _change(clock_id: int, values: dict[str, Any]) -> None:
    db.session.execute(
        update(ClockRow).where(ClockRow.id == clock_id).values(**values).execution_options(synchronize_session=False)
    )


def key_of(row: Any) -> Key:
    """Which clock a row is of."""
    return Key(kind=Kind(row.kind), order_id=row.owner_id if row.owner_kind == "order" else None, cycle=row.cycle)


def row_of(clock: Clock, taken: escalation.Taken, ticket_id: int | None) -> dict[str, Any]:
    """A clock as its row, its next step included."""
    policy = book.policy(clock.terms.policy)
    work = calendars.work(clock.terms.calendar)
    order_id = clock.key.order_id
    return {
        "institution_id": current_institution(),
        "owner_kind": "ticket" if order_id is None else "order",
        "owner_id": ticket_id if order_id is None else order_id,
        "ticket_id": ticket_id,
        "kind": clock.key.kind.value,
        "cycle": clock.key.cycle,
        "policy_version_id": clock.terms.policy,
        "priority": clock.terms.priority,
        "calendar_version_id": clock.terms.calendar,
        "phase": clock.phase.value,
        "started_at": book.instant(clock.started),
        "since": book.instant(clock.since),
        "used": clock.used,
        "target": clock.target,
        "due_at": book.instant(clock.due),
        "not_before": book.instant(clock.not_before),
        "stopped_at": book.instant(clock.stopped),
        "kept": clock.kept,
        "excused": clock.excused,
        "endless": clock.endless,
        "next_at": book.instant(escalation.next_at(clock, policy.steps, work, taken)),
    }


def recompute(ticket_id: int) -> dict[Key, dict[str, Any]]:
    """The rows as the events say them; what is stored equals this (invariant 6)."""
    past = book.events(ticket_id)
    taken = taken_in(past)
    clocks = judge(past, []).clocks
    return {key: row_of(clock, taken_for(taken, key), ticket_id) for key, clock in clocks.items()}
