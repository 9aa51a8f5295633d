"""What time does by itself: default closing, unanswered questions, holds. Safe to repeat; late timers find nothing.

A timer has fired by the database's clock; where this node's is a little behind, the act counts at its due instant.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core.actor import Actor
from app.core.i18n import iso
from app.events.tickets.orders import HoldDue, HoldReminded
from app.events.tickets.tickets import AnswerReminded
from app.tickets.queries import crews, orders
from app.tickets.rules import deadlines
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import TICKET_MOVING, OrderAct, OrderState, TicketAct, TicketStatus
from app.tickets.services import announcing, visits
from app.tickets.services.case import Case, by_order, by_ticket
from app.tickets.services.held import HeldOrder

CLOCKS_APART = timedelta(minutes=1)
"""How far a node's clock may be behind the database's."""


def close_by_default(*, actor: Actor, now: datetime, ticket_id: int, cycle: int) -> None:
    """7 × 24 h after the last resolved: closed, never counted as praise."""
    case = by_ticket(ticket_id, actor=actor, now=now)
    ticket = case.ticket
    if ticket.status is not TicketStatus.RESOLVED or ticket.cycle != cycle or ticket.resolved_at is None:
        return
    case.now = max(case.now, deadlines.closes_by_default(ticket.resolved_at))
    case.move_ticket(TicketAct.DEFAULT, by_system=True, data={"by": "default"})
    case.write()


def answer_overdue(*, actor: Actor, now: datetime, ticket_id: int, asked_at: str) -> None:
    """The next step of a question's wait: remind on day 3 and 10, end the ticket after 14 days."""
    case = by_ticket(ticket_id, actor=actor, now=now)
    ticket = case.ticket
    if ticket.status is not TicketStatus.NEEDS_INFO or ticket.asked_at is None or iso(ticket.asked_at) != asked_at:
        return
    step = deadlines.next_wait_step(ticket.asked_at, ticket.reminders)
    case.now = max(case.now, step.at)
    if step.what == "remind":
        ticket.reminders = step.number
        case.remark(Remark.REMIND, by_system=True, data={"number": step.number})
        case.tell(AnswerReminded(ticket.id, step.number, ticket.reporter_id))
        announcing.answer_timer(case)
    else:
        case.move_ticket(TicketAct.NO_ANSWER, by_system=True)
    case.write()


def visit_near(*, actor: Actor, now: datetime, order_id: int) -> None:
    """The window of a planned order has come near: it is queued, unless it still waits for another order."""
    case, order = by_order(order_id, actor=actor, now=now)
    start = case.ticket.visit_from
    waits = order.state is OrderState.PLANNED and case.ticket.status in TICKET_MOVING
    if not waits or start is None:
        return
    near = visits.near_from(start)
    if near - case.now > CLOCKS_APART:  # the window was moved since
        visits.wait_for(case, order_id)
        case.write()
        return
    case.now = max(case.now, near)
    if not case.may_queue(order):
        return
    case.move_order(order, OrderAct.QUEUE, by_system=True)
    case.write()


def hold_due(*, actor: Actor, now: datetime, timer: HoldDue) -> None:
    """A hold's end has come: nobody's order is queued again; a holder is reminded, daily, but not resumed (N4)."""
    case, order = by_order(timer.order_id, actor=actor, now=now)
    if order.state is not OrderState.ON_HOLD or not _same_hold(case, order, timer):
        return
    if order.assignee_id is None and order.hold_until is not None:
        case.now = max(case.now, order.hold_until)
        case.move_order(order, OrderAct.REQUEUE, by_system=True)
    else:
        people = crews.responsible(
            assignee_id=order.assignee_id,
            dispatcher_id=order.dispatcher_id,
            campus_id=order.campus_id,
            building_id=order.building_id,
            trade_id=order.trade_id,
            now=case.now,
        )
        case.remark(Remark.REMIND, order_id=order.id, by_system=True)
        case.tell(HoldReminded(order.id, case.ticket.id, people))
        case.tell(timer, due=case.now + deadlines.REMINDED_AGAIN)
    case.write()


def _same_hold(case: Case, order: HeldOrder, timer: HoldDue) -> bool:
    """Whether the order still stands in the hold the timer was set for, with the end it had then."""
    if timer.hold_id is None:
        return order.version == timer.version
    return timer.until == iso(order.hold_until) and timer.hold_id == orders.hold_begun(case.ticket.id, order.id)
