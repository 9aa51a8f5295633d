"""From a ticket's events to the journals of its clocks (tickets-rules 2 to 7, 11, 16, 19, 23).

The events are those of `ticket_event` in order of their ids; each counts at its effective minute, never before what
the same clock has counted already (11). Every act sets what each clock should be doing, and a journal gets a line
where that differs from what it does. What has not been told in an event is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.tickets.rules import sla_counting as counting
from app.tickets.rules.history import Remark
from app.tickets.rules.order_table import OrderAct
from app.tickets.rules.priority import rank
from app.tickets.rules.reasons import HoldReason
from app.tickets.rules.sla import OF_ORDER, Act, Book, Clock, Entry, Key, Kind, Phase, Terms
from app.tickets.rules.states import ORDER_HELD, ORDER_OPEN, OrderState, TicketStatus
from app.tickets.rules.ticket_table import TicketAct

AT_THE_DOOR: Final = frozenset({HoldReason.ACCESS, HoldReason.REPORTER_ABSENT})
"""A hold for one of these on the way ends arrive: somebody stood at the door (4)."""

_HUMAN_ANSWERS: Final = frozenset({TicketAct.ACCEPT, TicketAct.ASK, TicketAct.REJECT, TicketAct.MERGE})
_HUMAN_ORDER_ANSWERS: Final = frozenset({OrderAct.OFFER, OrderAct.REASSIGN, OrderAct.ACCEPT, OrderAct.GRAB})
_WAITING: Final = frozenset({OrderState.QUEUED, OrderState.OFFERED})
_ENDED: Final = frozenset({TicketStatus.REJECTED, TicketStatus.WITHDRAWN})
_OVER: Final = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED})
_WAITS_OUTSIDE: Final = frozenset({TicketStatus.NEEDS_INFO, TicketStatus.DUPLICATE})


READ_REMARKS: Final = frozenset(
    {
        Remark.MESSAGE,
        Remark.RECLASSIFY,
        Remark.EXTENSION,
        Remark.PROMISE,
        Remark.ESCALATION,
        Remark.CALENDAR,
        Remark.WINDOW,
        Remark.EXCUSE,
    }
)
"""The remarks clocks read; the others are not asked for."""

# opening moves no clock, but the new order is due by those of its ticket
_MOVES_NOTHING: Final = frozenset({OrderAct.DECLINE, OrderAct.EXPIRE, OrderAct.VERIFY, OrderAct.CLOSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One event as the clocks read it: `at` its effective minute, `human` whether a person did it.

    `data` of the kinds the clocks read (instants as minutes):
    file, not_fixed, reclassify, reconsider, unmerge: `terms` (Terms), file also `window` (the end of the visit window);
    open: `after` (an order's id); promise, extension (approved), window: `until`; calendar: `version`; excuse: `clock`
    (Key); message: `staff`; escalation: `clock` (Key), `step`, `due` (not read by the clocks themselves).
    """

    id: int
    at: int
    kind: str
    human: bool
    order_id: int | None = None
    to: str | None = None
    reason: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Journal:
    """The lines of one clock so far and the phase they lead to."""

    key: Key
    lines: list[Entry] = field(default_factory=list)
    phase: Phase | None = None

    def add(self, act: Act, happened: Happened, **more: Any) -> None:
        """A line at the event's minute, never before the last (11)."""
        at = max(happened.at, self.lines[-1].at) if self.lines else happened.at
        self.lines.append(Entry(at=at, act=act, event=happened.id, **more))
        self.phase = counting.phase_after(act, self.phase)

    def turn(self, phase: Phase, happened: Happened) -> None:
        """To a phase, unless it is there already or has stopped for good."""
        if self.phase is not Phase.STOPPED and self.phase is not phase:
            self.add(_ACTS[phase], happened)

    def copied(self, key: Key) -> _Journal:
        return _Journal(key, list(self.lines), self.phase)


_ACTS: Final = {
    Phase.RUNNING: Act.RUN,
    Phase.PAUSED: Act.PAUSE,
    Phase.STANDING: Act.STAND,
    Phase.STOPPED: Act.STOP,
    Phase.VOID: Act.VOID,
}


@dataclass(slots=True)
class _Order:
    """What the clocks need of one order."""

    state: OrderState
    cycle: int
    direct: bool  # opened by accepting the ticket
    after: int | None = None
    reason: str | None = None
    held: bool = False  # somebody has it
    worked: bool = False
    at_the_door: bool = False


class Story:
    """A ticket's clocks, event by event. `journals` are complete after each `tell`."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.journals: dict[Key, _Journal] = {}
        self.terms: Terms | None = None
        self.status = TicketStatus.SUBMITTED
        self.cycle = 1
        self.orders: dict[int, _Order] = {}
        self.window: int | None = None
        self.waits: list[tuple[int, int]] = []  # from, to: what the promise waited for (22)
        self._waiting: dict[int | None, int] = {}  # since when, by order; None: the ticket
        self._prospects: dict[Kind, _Journal] = {}  # dispatch and arrive of what accepting will open (4)
        self._accepted_by: Happened | None = None

    def tell(self, happened: Happened) -> None:
        """What one event does to the clocks."""
        if happened.order_id is not None and happened.to is not None:
            self._on_order(happened, happened.order_id)
        elif happened.to is not None:
            self._on_ticket(happened)
        else:
            self._on_remark(happened)
        self._wait(happened)
        self._refresh(happened)

    def clocks(self) -> dict[Key, Clock]:
        """What each clock says now; those the policy does not have are left out."""
        judged = ((key, counting.judge(key, journal.lines, self.book)) for key, journal in self.journals.items())
        return {key: clock for key, clock in judged if clock is not None}

    def journal(self, kind: Kind, order_id: int | None = None) -> list[Entry] | None:
        """The journal of a clock of the present cycle."""
        found = self.journals.get(Key(kind=kind, order_id=order_id, cycle=self.cycle))
        return None if found is None else found.lines

    def clock(self, kind: Kind, order_id: int | None = None) -> Clock | None:
        """What the clock of the present cycle says."""
        key = Key(kind=kind, order_id=order_id, cycle=self.cycle)
        journal = self.journals.get(key)
        return None if journal is None else counting.judge(key, journal.lines, self.book)

    # the ticket

    def _on_ticket(self, happened: Happened) -> None:
        self.status = TicketStatus(happened.to or self.status)
        kind = happened.kind
        terms = happened.data.get("terms")
        if kind in (TicketAct.FILE, TicketAct.NOT_FIXED):
            self.cycle += kind == TicketAct.NOT_FIXED
            self.terms = terms
            self.waits, self._waiting = [], {}
            self._begin(happened)
            return
        self._accepted_by = happened if kind == TicketAct.ACCEPT else None
        if happened.human and kind in _HUMAN_ANSWERS:
            self._answered(happened)
        if terms is not None:
            self._retell(terms, happened)

    def _begin(self, happened: Happened) -> None:
        """The clocks of a cycle start: respond and restore, and on filing what accepting will open (4, 7)."""
        self._prospects = {}
        if self.terms is None:
            return  # filed before there were clocks
        for kind in (Kind.RESPOND, Kind.RESTORE):
            self._open(Key(kind=kind, cycle=self.cycle), happened)
        if happened.kind == TicketAct.FILE:
            self._prospects = {kind: _Journal(Key(kind=kind)) for kind in OF_ORDER}
            for journal in self._prospects.values():
                journal.add(Act.START, happened, terms=self.terms)
        self.window = happened.data.get("window")
        if self.window is not None:
            self._not_before(happened, self.window, (Kind.ARRIVE, Kind.RESTORE))

    def _open(self, key: Key, happened: Happened) -> _Journal:
        journal = self.journals[key] = _Journal(key)
        journal.add(Act.START, happened, terms=self.terms)
        return journal

    def _answered(self, happened: Happened) -> None:
        """2: the first human act of the cycle."""
        journal = self.journals.get(Key(kind=Kind.RESPOND, cycle=self.cycle))
        if journal is not None:
            journal.turn(Phase.STOPPED, happened)

    # orders

    def _on_order(self, happened: Happened, order_id: int) -> None:
        state = OrderState(happened.to or "")
        order = self.orders.get(order_id)
        if order is None:
            order = self.orders[order_id] = _Order(
                state, self.cycle, self._opened_by_accepting(happened), happened.data.get("after")
            )
        if happened.kind == OrderAct.HOLD and order.state is OrderState.EN_ROUTE and happened.reason in AT_THE_DOOR:
            order.at_the_door = True
        order.state = state
        order.reason = happened.reason if state is OrderState.ON_HOLD else None
        order.held = state in ORDER_HELD and (order.held or state is not OrderState.ON_HOLD)
        order.worked = order.worked or state is OrderState.WORKING
        if happened.human and happened.kind in _HUMAN_ORDER_ANSWERS:
            self._answered(happened)
        if state is OrderState.QUEUED and self.terms is not None:
            self._start_order(happened, order_id, order)

    def _opened_by_accepting(self, happened: Happened) -> bool:
        accepted = self._accepted_by
        return accepted is not None and not happened.human and happened.at == accepted.at

    def _start_order(self, happened: Happened, order_id: int, order: _Order) -> None:
        """4: from filing where accepting opened it and it waits for nothing, else from being queued first."""
        for kind in OF_ORDER:
            key = Key(kind=kind, order_id=order_id, cycle=order.cycle)
            if key in self.journals:
                continue
            if order.direct and order.after is None and kind in self._prospects:
                self.journals[key] = self._prospects[kind].copied(key)
            else:
                self._open(key, happened)
                if kind is Kind.ARRIVE and self.window is not None:
                    self.journals[key].add(Act.NOT_BEFORE, happened, instant=self.window)

    # remarks

    def _on_remark(self, happened: Happened) -> None:
        kind, data = happened.kind, happened.data
        if kind == Remark.RECLASSIFY and data.get("terms") is not None:
            self._retell(data["terms"], happened)
        elif kind == Remark.CALENDAR:
            self._published(happened, data["version"])
        elif kind == Remark.MESSAGE and data.get("staff"):
            self._answered(happened)
        elif kind == Remark.PROMISE:
            self._promised(happened, data["until"])
        elif kind == Remark.EXTENSION and data.get("until") is not None:
            self._not_before(happened, data["until"], (Kind.RESTORE,))
        elif kind == Remark.WINDOW:
            self.window = data["until"]
            self._not_before(happened, data["until"], (Kind.ARRIVE, Kind.RESTORE))
        elif kind == Remark.EXCUSE and data["clock"] in self.journals:
            self.journals[data["clock"]].add(Act.EXCUSE, happened)

    def _retell(self, terms: Terms, happened: Happened) -> None:
        """17: other terms from now on, for every clock of the cycle that has not stopped."""
        before = self.terms
        if before is None or before == terms:
            return  # filed before there were clocks: they begin with the next cycle
        self.terms = terms
        raised = rank(terms.priority) > rank(before.priority)
        for journal in self._open_journals():
            journal.add(Act.TERMS, happened, terms=terms, raised=raised)

    def _published(self, happened: Happened, version: int) -> None:
        """19: a calendar version was published while something ran or paused."""
        if self.terms is not None and self.book.calendar(self.terms.calendar) == self.book.calendar(version):
            self.terms = Terms(self.terms.policy, self.terms.priority, version)
        for journal in self._open_journals():
            journal.add(Act.CALENDAR, happened, version=version)

    def _promised(self, happened: Happened, until: int) -> None:
        key = Key(kind=Kind.PROMISE, cycle=self.cycle)
        journal = self.journals.get(key)
        if journal is None:
            if self.terms is None:
                return
            journal = self._open(key, happened)
        journal.add(Act.TOLD, happened, instant=until)

    def _not_before(self, happened: Happened, until: int, kinds: tuple[Kind, ...]) -> None:
        for journal in self._open_journals():
            if journal.key.kind in kinds:
                journal.add(Act.NOT_BEFORE, happened, instant=until)

    def _open_journals(self) -> list[_Journal]:
        of_cycle = [journal for key, journal in self.journals.items() if key.cycle == self.cycle]
        return [one for one in (*of_cycle, *self._prospects.values()) if one.phase is not Phase.STOPPED]

    def _wait(self, happened: Happened) -> None:
        """22: spans in which the reporter was waited for, or the ticket was ended by mistake; none counted twice."""
        now: set[int | None] = {
            order_id for order_id, order in self.orders.items() if order.reason == HoldReason.REPORTER_ABSENT
        }
        if self.status in _WAITS_OUTSIDE | {TicketStatus.REJECTED}:
            now.add(None)
        for what in now - self._waiting.keys():
            self._waiting[what] = happened.at
        for what in self._waiting.keys() - now:
            start = max(self._waiting.pop(what), self.waits[-1][1] if self.waits else 0)
            if start < happened.at:
                self.waits.append((start, happened.at))

    # what each clock should be doing

    def _refresh(self, happened: Happened) -> None:
        for key, journal in self.journals.items():
            if key.order_id is not None:
                phase = self._order_phase(key.kind, self.orders[key.order_id])
            elif key.cycle == self.cycle:
                phase = self._ticket_phase(key.kind)
            else:
                continue
            journal.turn(phase, happened)
        for journal in self._prospects.values():
            journal.turn(Phase.RUNNING if self.status is TicketStatus.SUBMITTED else Phase.PAUSED, happened)

    def _ticket_phase(self, kind: Kind) -> Phase:
        if self.status in _OVER:
            return Phase.STOPPED
        if self.status in _ENDED:
            return Phase.VOID
        if kind is Kind.RESPOND:
            return Phase.RUNNING  # it never pauses (2)
        if self.status in _WAITS_OUTSIDE or (kind is Kind.RESTORE and self._all_held()):
            return Phase.PAUSED
        return Phase.RUNNING

    def _all_held(self) -> bool:
        """5: every open order is on hold for a reason that stops; planned ones that wait for another do not count."""
        counted = [order for order in self.orders.values() if order.state in ORDER_OPEN and not self._waits(order)]
        return bool(counted) and all(self._holds(order, Kind.RESTORE) for order in counted)

    def _waits(self, order: _Order) -> bool:
        first = None if order.after is None else self.orders.get(order.after)
        return order.state is OrderState.PLANNED and first is not None and first.state in ORDER_OPEN

    def _holds(self, order: _Order, kind: Kind) -> bool:
        if order.state is not OrderState.ON_HOLD or self.terms is None:
            return False
        return kind in self.book.stopped_by(self.terms.policy, order.reason or "")

    def _order_phase(self, kind: Kind, order: _Order) -> Phase:
        if order.worked or (kind is Kind.ARRIVE and order.at_the_door):
            return Phase.STOPPED
        if order.state is OrderState.CANCELLED:
            return Phase.VOID
        if kind is Kind.DISPATCH:
            if order.state in _WAITING:
                return Phase.RUNNING
            return Phase.STANDING if order.held else Phase.PAUSED
        if order.state is OrderState.PLANNED or self._holds(order, Kind.ARRIVE):
            return Phase.PAUSED
        return Phase.RUNNING


def matters(happened: Happened) -> bool:
    """Whether an event can move a clock; an offer by the system, answered or not, moves none."""
    if happened.to is None:
        return happened.kind in READ_REMARKS
    if happened.order_id is None:
        return True
    if happened.kind == OrderAct.OFFER:
        return happened.human
    return happened.kind not in _MOVES_NOTHING


def story(events: Iterable[Happened], book: Book) -> Story:
    """The clocks after all events."""
    found = Story(book)
    for event in events:
        found.tell(event)
    return found
