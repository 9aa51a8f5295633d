"""What a clock does by itself: its steps before and after the due time (tickets-rules 20, 38).

The clock's row is its timer: `next_at` is when its next step is due. Taking steps locks the ticket, judges its clocks
anew and writes the next; whoever comes twice or late finds nothing to do.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.core.i18n import iso
from app.events.tickets.clocks import ClockEscalated
from app.events.tickets.dispatch import OrderQueued
from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import minute_of
from app.tickets.models import Category
from app.tickets.queries import crews
from app.tickets.queries import sla as book
from app.tickets.rules.escalation import REASSIGNABLE, Do, Step, Whom, steps_due
from app.tickets.rules.history import Remark
from app.tickets.rules.offers import Wake
from app.tickets.rules.priority import RAISED
from app.tickets.rules.sla import Clock
from app.tickets.rules.workflow import ORDER_OPEN, OrderAct, OrderState
from app.tickets.services import clocks, duty_calls, priorities
from app.tickets.services.case import Case, by_ticket
from app.tickets.services.held import HeldOrder

REVOKED = "order_changed"


def take_steps(*, actor: Actor, now: datetime, ticket_id: int) -> int:
    """Take every step of a ticket's clocks whose minute is over; returns how many.

    After an outage all that are overdue are recorded, and each clock is told of once.
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    past = book.events(ticket_id)
    judged = clocks.judge(past, [])
    taken = clocks.taken_in(past)
    at = minute_of(case.now)
    found = 0
    for key, clock in judged.clocks.items():
        policy = book.policy(clock.terms.policy)
        steps = steps_due(clock, policy.steps, calendars.work(clock.terms.calendar), clocks.taken_for(taken, key), at)
        if steps:
            _take(case, clock, steps, at)
            found += len(steps)
    if found:
        case.write()
    else:
        clocks.write(ticket_id, judged.clocks, taken)  # a row that said otherwise is put right
    return found


def _take(case: Case, clock: Clock, steps: list[Step], at: int) -> None:
    """Record the steps of one clock and do what they say; one notice for all of them."""
    due = iso(book.instant(clock.due)) or ""
    order = case.orders.get(clock.key.order_id or 0)
    called: list[int] = []
    for step in steps:
        whom = people(case, order, step.whom)
        case.remark(
            Remark.ESCALATION,
            order_id=clock.key.order_id,
            by_system=True,
            data={
                "clock": clock.key.kind.value,
                "order_id": clock.key.order_id,
                "cycle": clock.key.cycle,
                "step": step.code,
                "due": due,
                "person_ids": [str(each) for each in whom],
            },
        )
        called += [each for each in whom if each not in called]
        _do(case, order, step)
    case.tell(
        ClockEscalated(
            ticket_id=case.ticket.id,
            order_id=clock.key.order_id,
            clock=clock.key.kind.value,
            cycle=clock.key.cycle,
            due=due,
            late=(clock.due or at) < at,
            after=max(step.after for step in steps),
            person_ids=tuple(called),
        )
    )


def _do(case: Case, order: HeldOrder | None, step: Step) -> None:
    if step.do is Do.RAISE:
        _raise(case)
    elif step.do is Do.CALL and order is not None:
        duty_calls.before_due(case, order)
    elif step.do is Do.REASSIGN:
        for each in [order] if order is not None else case.orders.values():
            _reassign(case, each)


def _raise(case: Case) -> None:
    """One priority up, once per ticket; an emergency is declared by people only (27)."""
    to = RAISED.get(case.ticket.priority)
    if to is not None and not priorities.raised_before(case):
        priorities.change(case, to, reason=priorities.BY_STEP, by_system=True)


def _reassign(case: Case, order: HeldOrder) -> None:
    """Ask the next one: an offer is taken back, a waiting order tried again; from a holder only people take it away."""
    if order.state not in REASSIGNABLE:
        return
    if order.state is OrderState.OFFERED:
        case.move_order(order, OrderAct.REVOKE, by_system=True, reason=REVOKED)
    else:
        case.tell(OrderQueued(order.id, case.ticket.id, Wake.ASKED.value))


def people(case: Case, order: HeldOrder | None, whom: Whom) -> tuple[int, ...]:
    """Whom a step turns to; a clock of the ticket asks for its first open order."""
    ticket = case.ticket
    order = order or next((each for each in case.orders.values() if each.state in ORDER_OPEN), None)
    trade_id = order.trade_id if order is not None else _trade_of(ticket.category_id)
    if whom is Whom.SUPERVISOR:
        return crews.supervisors(campus_id=ticket.campus_id, building_id=ticket.building_id, now=case.now)
    if whom is Whom.RESPONSIBLE and order is not None:
        return crews.responsible(
            assignee_id=order.assignee_id,
            dispatcher_id=order.dispatcher_id,
            campus_id=order.campus_id,
            building_id=order.building_id,
            trade_id=order.trade_id,
            now=case.now,
        )
    return crews.duty_leads(campus_id=ticket.campus_id, building_id=ticket.building_id, trade_id=trade_id, now=case.now)


def _trade_of(category_id: int) -> int:
    return db.session.scalar(select(Category.trade_id).where(Category.id == category_id)) or 0
