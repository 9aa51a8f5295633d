"""A ticket with its orders, locked for one act and written once at its end.

Every act goes the same way: lock the case (`by_ticket`, `by_order`), compare what the actor has seen, `move_ticket` or
`move_order` by the transition tables, `settle` what the one means for the other, `write`. Nothing reaches the database
before `write` except rows whose id is needed; it compares and sets state and version of every changed row, adds the
events in order and publishes. Locks are taken in one order: ticket, then (dispatch) person; orders change only under
their ticket's lock.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NEVER, NotFound, Stale
from app.core.outbox import Event, Pending, publish_all
from app.sites import scope_words
from app.tickets import policies
from app.tickets.rules import guards, history, joint, outcomes, workflow
from app.tickets.rules.guards import Facts
from app.tickets.rules.reasons import read_reason
from app.tickets.rules.workflow import OrderAct, OrderState, TicketAct, TicketStatus, TransitionRefused, Who
from app.tickets.services import announcing, case_rows, clocks, effects, held, refusals, visits
from app.tickets.services.held import HeldOrder, HeldTicket

_TERMS_ANEW = frozenset({TicketAct.NOT_FIXED, TicketAct.RECONSIDER, TicketAct.UNMERGE})  # 7: policy of that moment

Announcement = Callable[[list[int]], Event]


@dataclass(slots=True)
class Case:
    """One locked ticket, its orders, and what an act has changed of them so far."""

    actor: Actor
    now: datetime
    ticket: HeldTicket
    orders: dict[int, HeldOrder]
    followers: int = 0
    effective_at: datetime | None = None  # when what the actor does really happened, where a device said so (11)
    _ticket_before: HeldTicket = field(init=False)
    _orders_before: dict[int, HeldOrder] = field(init=False)
    _events: list[dict[str, Any]] = field(default_factory=list)
    _told: list[tuple[Announcement, str | None, datetime | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ticket_before = dataclasses.replace(self.ticket)
        self._orders_before = {order.id: dataclasses.replace(order) for order in self.orders.values()}

    # what is so

    @property
    def states(self) -> dict[int, OrderState]:
        """The state of each order by its id."""
        return {order.id: order.state for order in self.orders.values()}

    def facts(self, **more: Any) -> Facts:
        """What the guards ask about the ticket; `more` is what was handed in."""
        states = self.states.values()
        return Facts(
            now=self.now,
            actor_id=self.actor.id,
            untouched=not any(order.worked for order in self.orders.values()),
            stranded=joint.stranded(self.ticket.status, states),
            none_beyond_offered=joint.none_beyond_offered(states),
            all_done=joint.all_done(states),
            first_accepted=bool(joint.ORDER_TAKEN.intersection(states)),
            followers=self.followers,
            third_party=self.ticket.third_party,
            reminders=self.ticket.reminders,
            ticket_status=self.ticket.status,
            **more,
        )

    def order(self, order_id: int) -> HeldOrder:
        """The order of the case; raises NotFound for another ticket's."""
        found = self.orders.get(order_id)
        if found is None:
            raise NotFound
        return found

    def seen_ticket(self, version: int | None) -> None:
        """Raises Stale where the ticket has moved on since `version` (None: not asked)."""
        if version is not None and version != self.ticket.version:
            raise self.stale()

    def seen_order(self, order: HeldOrder, version: int | None) -> None:
        """Raises Stale, naming who has the order now."""
        if version is not None and version != order.version:
            raise self.stale(order)

    def stale(self, order: HeldOrder | None = None) -> Stale:
        """The refusal of somebody who saw an older version: 412 with `current`."""
        current: dict[str, Any]
        if order is None:
            current = {"state": self.ticket.status.value, "assignee": None, "version": self.ticket.version}
            return Stale(_l("The request has changed in the meantime. Look at it again."), current=current)
        name = db.session.scalar(select(Person.name).where(Person.id == order.assignee_id))
        assignee = None if order.assignee_id is None else {"id": str(order.assignee_id), "name": name}
        current = {"state": order.state.value, "assignee": assignee, "version": order.version}
        return Stale(_l("The order has changed in the meantime. Look at it again."), current=current)

    # acts

    def judge_ticket(self, act: TicketAct, seen: int | None) -> None:
        """`permit_ticket`, then `seen_ticket`.

        A version that is none is told first, as a missing one is: neither says anything about rights.
        """
        if seen == NEVER:
            raise self.stale()
        self.permit_ticket(act)
        self.seen_ticket(seen)

    def permit_ticket(self, act: TicketAct) -> None:
        """Raises NotAllowed for somebody to whom `act` is open in no state of the ticket."""
        allowed = {who for row in workflow.TICKET_TABLE if row.act is act for who in row.who}
        if not policies.parts_of_ticket(self.actor, self.ticket) & allowed:
            raise scope_words.not_there(self.actor, self.ticket, policies.rights_on_ticket(allowed))

    def judge_order(self, order: HeldOrder, act: OrderAct, seen: int | None) -> None:
        """The same for an order; whoever works with orders may yet become its holder."""
        if seen == NEVER:
            raise self.stale(order)
        allowed = {who for row in workflow.ORDER_TABLE if row.act is act for who in row.who}
        if not policies.possible_parts_of_order(self.actor, order) & allowed:
            raise scope_words.not_there(self.actor, order, policies.rights_on_order(allowed))
        self.seen_order(order, seen)

    def ticket_row(self, act: TicketAct) -> tuple[workflow.TicketRow, Who]:
        """The row of an act of the actor and as whom he does it. Raises Conflict, NotAllowed."""
        try:
            row = workflow.ticket_transition(self.ticket.status, act)
        except TransitionRefused as error:
            raise refusals.refused(error) from error
        who = policies.acting_as(policies.parts_of_ticket(self.actor, self.ticket), row.who)
        if who is None:
            raise scope_words.not_there(self.actor, self.ticket, policies.rights_on_ticket(row.who))
        return row, who

    def demand(self, act: TicketAct, **facts: Any) -> None:
        """Raises what stands in the way of an act of the actor; `facts` replace what is so."""
        row, who = self.ticket_row(act)
        refusals.require(guards.check(row, who, dataclasses.replace(self.facts(), **facts)))

    def move_ticket(
        self,
        act: TicketAct,
        *,
        by_system: bool = False,
        reason: str | None = None,
        note: str | None = None,
        data: Mapping[str, Any] | None = None,
        named: int | None = None,
        **facts: Any,
    ) -> workflow.TicketRow:
        """Do `act` to the ticket and what follows for its orders, opening new ones excepted.

        `named` is the order a not_fixed speaks of. Raises Conflict, NotAllowed, Rejected.
        """
        if by_system:
            row, who = workflow.ticket_transition(self.ticket.status, act), Who.SYSTEM
        else:
            row, who = self.ticket_row(act)
        since = self._since(act)
        refusals.require(guards.check(row, who, self.facts(reason=reason, note=note, since=since, **facts)))
        states = self.states
        before = self.ticket.status
        to = row.target(self._way_back())
        self.ticket.cycle = history.next_cycle(self.ticket.cycle, act)
        effects.on_ticket(self.ticket, before, to, act, self.now)
        if act in _TERMS_ANEW:
            data = {**(data or {}), "sla": clocks.terms_told(self)}
        self.remark(
            act,
            from_state=before,
            to_state=to,
            reason=read_reason(act, reason),
            note=note,
            data=data,
            by_system=who is Who.SYSTEM,
        )
        announcing.status(self, act, before, to, position=self.last_event)
        for follow in joint.follow_ups(act, states, named):
            order = self.orders[follow.order_id]
            if follow.act is not OrderAct.QUEUE or self.may_queue(order):
                self.move_order(order, follow.act, by_system=True, reason=follow.reason)
        return row

    def move_order(
        self,
        order: HeldOrder,
        act: OrderAct,
        *,
        row: workflow.OrderRow | None = None,
        by_system: bool = False,
        reason: str | None = None,
        note: str | None = None,
        person_id: int | None = None,
        offered_until: datetime | None = None,
        until: datetime | None = None,
        data: Mapping[str, Any] | None = None,
        device_at: datetime | None = None,
        **facts: Any,
    ) -> None:
        """Do `act` to an order. Raises Conflict, NotAllowed, Rejected."""
        who = Who.SYSTEM if by_system else self.as_whom(order, act, row)
        row = row or self._order_row(order, act)
        given = self.facts(
            reason=reason,
            note=note,
            until=until,
            person_id=person_id,
            offered_until=order.offered_until if act is OrderAct.EXPIRE else offered_until,
            offered_to=order.assignee_id if order.state is OrderState.OFFERED else None,
            holder_id=order.assignee_id if order.state in workflow.ORDER_HELD else None,
            hold_until=order.hold_until,
            dependencies_over=self.dependencies_over(order),
            window_near=visits.is_near(self.ticket.visit_from, self.now),
            named_by_not_fixed=act is OrderAct.REWORKED,
            **facts,
        )
        refusals.require(guards.check(row, who, given))
        before = dataclasses.replace(order)
        order.state = row.target()
        effects.on_order(order, person_id, offered_until)
        effects.marks(order, self.effective_at or self.now, read_reason(act, reason), until)
        if who is Who.DISPATCHER:
            order.dispatcher_id = self.actor.id
        self.remark(
            act,
            order_id=order.id,
            from_state=before.state,
            to_state=order.state,
            reason=read_reason(act, reason),
            note=note,
            person_id=person_id,
            data=data,
            by_system=by_system,
            device_at=device_at,
        )
        ended = None
        if before.state is OrderState.OFFERED:
            ended = case_rows.end_offer(order.id, outcomes.OFFER_ENDS[act], read_reason(act, reason), self.now)
        announcing.order(self, before, order, act, ended)

    def as_whom(self, order: HeldOrder, act: OrderAct, row: workflow.OrderRow | None = None) -> Who:
        """As whom the actor does `act` to the order. Raises Conflict, NotAllowed."""
        row = row or self._order_row(order, act)
        who = policies.acting_as(policies.parts_of_order(self.actor, order), row.who)
        if who is None:
            raise scope_words.not_there(self.actor, order, policies.rights_on_order(row.who))
        return who

    def dependencies_over(self, order: HeldOrder) -> bool:
        """Whether the order the given one waits for is done or cancelled."""
        first = self.orders.get(order.after_id) if order.after_id is not None else None
        return first is None or first.state not in workflow.ORDER_OPEN

    def may_queue(self, order: HeldOrder) -> bool:
        """Whether a planned order goes to dispatch by itself: approved, not waiting for another, its visit near."""
        near = visits.is_near(self.ticket.visit_from, self.now)
        return order.proposed_by is None and self.dependencies_over(order) and near

    def settle(self) -> None:
        """What the orders, as they are now, do to each other and to their ticket."""
        if self.ticket.status in workflow.TICKET_MOVING:
            for order in self.orders.values():
                waits = order.state is OrderState.PLANNED and order.after_id is not None
                if waits and self.may_queue(order):
                    self.move_order(order, OrderAct.QUEUE, by_system=True)
                elif waits and order.proposed_by is None and self.dependencies_over(order):
                    visits.wait_for(self, order.id)  # the visit is all it still waits for
        while (act := joint.after_orders(self.ticket.status, self.states.values())) is not None:
            self.move_ticket(act, by_system=True)

    def remark(
        self,
        kind: str,
        *,
        by_system: bool = False,
        note: str | None = None,
        data: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> None:
        """Add an event; without states it is a remark."""
        columns = {"note": note or None, "data": dict(data) if data else None, **columns}
        actor = Actor.system(self.actor.institution_id) if by_system else self.actor
        self._events.append(
            case_rows.event(self.ticket, actor, kind, {"at": self.now, "effective_at": self.effective_at, **columns})
        )

    @property
    def news(self) -> Sequence[Mapping[str, Any]]:
        """The events that are not written yet."""
        return self._events

    @property
    def last_event(self) -> int:
        """The position of the event added last, for `tell_with_id`."""
        return len(self._events) - 1

    def tell(self, event: Event, *, key: str | None = None, due: datetime | None = None) -> None:
        """Publish `event` when the case is written."""
        self._told.append((lambda _ids: event, key, due))

    def write(self) -> None:
        """Write what changed: compare-and-set of each row, events in order, clocks, then the outbox. Raises Stale."""
        write_clocks = clocks.settle(self, self._events)
        for order in self.orders.values():
            if not case_rows.write_order(order, self._orders_before[order.id]):
                raise self.stale(order)
        if not case_rows.write_ticket(self.ticket, self._ticket_before):
            raise self.stale()
        ids = case_rows.write_events(self._events)
        self._events = []
        if write_clocks is not None:
            write_clocks()
        publish_all([Pending(build(ids), key, due) for build, key, due in self._told])
        self._told.clear()
        self.__post_init__()

    # inside

    def _order_row(self, order: HeldOrder, act: OrderAct) -> workflow.OrderRow:
        try:
            return workflow.order_transition(order.state, act, ticket=self.ticket.status)
        except TransitionRefused as error:
            raise refusals.refused(error) from error

    def _since(self, act: TicketAct) -> datetime | None:
        """The instant the act's window counts from."""
        if act is TicketAct.RECONSIDER:
            return self.ticket.rejected_at
        return self.ticket.asked_at if act is TicketAct.NO_ANSWER else self.ticket.resolved_at

    def _way_back(self) -> TicketStatus | None:
        ticket = self.ticket
        return ticket.asked_from if ticket.status is TicketStatus.NEEDS_INFO else ticket.state_before

    def tell_with_id(self, build: Callable[[int], Event], position: int, *, due: datetime | None = None) -> None:
        """Publish an event that names the ticket event at `position` of this case."""
        self._told.append((lambda ids: build(ids[position]), None, due))

    def add(self, order: HeldOrder) -> None:
        """Take up an order that was just inserted."""
        self.orders[order.id] = order
        self._orders_before[order.id] = dataclasses.replace(order)


def by_ticket(ticket_id: int, *, actor: Actor, now: datetime) -> Case:
    """Lock a ticket the actor may see. Raises NotFound for any other."""
    found = held.ticket(ticket_id, actor=actor, now=now)
    return Case(actor, found.at, found.ticket, found.orders, found.followers)


def by_order(order_id: int, *, actor: Actor, now: datetime, lock: bool = True) -> tuple[Case, HeldOrder]:
    """Lock the ticket of an order the actor may see, and find the order in it. Raises NotFound.

    Without `lock` the case is to be read, not written.
    """
    found = held.ticket_of(order_id, actor=actor, now=now, lock=lock)
    case = Case(actor, found.at, found.ticket, found.orders, found.followers)
    return case, case.order(order_id)


def by_order_for(order_id: int, *, actor: Actor, now: datetime) -> tuple[Case, HeldOrder]:
    """The same for an order the caller has found for the actor, though he sees it on no list: pool, duty call."""
    case, order = by_order(order_id, actor=Actor.system(actor.institution_id), now=now)
    case.actor = actor
    return case, order
