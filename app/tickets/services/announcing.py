"""Which events of the outbox an act publishes; notices, timers and the dispatch hang on them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.core.i18n import iso
from app.events.tickets.dispatch import OfferEnded, OrderQueued
from app.events.tickets.orders import (
    HoldDue,
    OrderAccepted,
    OrderDeclined,
    OrderDone,
    OrderOnHold,
    OrderOnTheWay,
    OrderReleased,
)
from app.events.tickets.tickets import (
    AcceptanceAsked,
    AcceptanceOver,
    AnswerOverdue,
    DefaultCloseDue,
    TicketClosed,
    TicketResolved,
    TicketStatusChanged,
)
from app.sites.calendars import queries as calendars
from app.tickets.rules import deadlines, outcomes
from app.tickets.rules.offers import Wake
from app.tickets.rules.workflow import ORDER_HELD, OrderAct, OrderState, TicketAct, TicketStatus

if TYPE_CHECKING:
    from app.tickets.services.case import Case
    from app.tickets.services.held import HeldOrder


_ENDS_OF_OFFERS = (OrderAct.DECLINE, OrderAct.EXPIRE, OrderAct.REVOKE, OrderAct.GIVE_BACK)
_RELEASES = (OrderAct.GIVE_BACK, OrderAct.REASSIGN, OrderAct.CANCEL)


def status(case: Case, act: TicketAct, before: TicketStatus, to: TicketStatus, *, position: int) -> None:
    """A change of the ticket's status; `position` is its event's place in the case."""
    ticket, actor_id = case.ticket, case.actor.id
    cycle = ticket.cycle
    case.tell_with_id(
        lambda event_id: TicketStatusChanged(
            ticket_id=ticket.id,
            event_id=event_id,
            act=act.value,
            from_status=before.value,
            to_status=to.value,
            cycle=cycle,
            reporter_id=ticket.reporter_id,
            actor_id=actor_id,
        ),
        position,
    )
    if before is TicketStatus.RESOLVED and ticket.third_party:
        case.tell(AcceptanceOver(ticket.id))
    if to is TicketStatus.RESOLVED:
        case.tell(TicketResolved(ticket.id, cycle, ticket.reporter_id))
        due = deadlines.closes_by_default(case.now)
        case.tell(DefaultCloseDue(ticket.id, cycle), key=f"default-close:{ticket.id}:{cycle}", due=due)
        if ticket.third_party:
            case.tell(AcceptanceAsked(ticket.id, cycle))
    elif to is TicketStatus.CLOSED:
        case.tell(TicketClosed(ticket.id, cycle, ticket.reporter_id, act.value))
    elif to is TicketStatus.NEEDS_INFO:
        answer_timer(case)


def answer_timer(case: Case) -> None:
    """The next step of a question's wait: reminder, reminder, end."""
    ticket = case.ticket
    asked_at = ticket.asked_at or case.now
    step = deadlines.next_wait_step(asked_at, ticket.reminders)
    asked = iso(asked_at) or ""
    case.tell(
        AnswerOverdue(ticket.id, asked),
        key=f"answer:{ticket.id}:{asked}:{ticket.reminders}",
        due=max(step.at, case.now),
    )


def order(case: Case, before: HeldOrder, after: HeldOrder, act: OrderAct, ended: Any) -> None:
    """A change of an order's state; `ended` is the offer it ended (id, made_by)."""
    ticket_id = case.ticket.id
    if ended is not None and act is not OrderAct.ACCEPT and before.assignee_id is not None:
        outcome = outcomes.OFFER_ENDS[act]
        case.tell(OfferEnded(after.id, ticket_id, ended.id, before.assignee_id, outcome, ended.made_by))
    if after.state is OrderState.QUEUED:
        wake = None if act in _ENDS_OF_OFFERS else Wake.QUEUED.value
        case.tell(OrderQueued(after.id, ticket_id, wake))
    _by_act(case, before, after, act)


def _by_act(case: Case, before: HeldOrder, after: HeldOrder, act: OrderAct) -> None:
    ticket_id, had = case.ticket.id, before.assignee_id
    if act in (OrderAct.ACCEPT, OrderAct.GRAB) and after.assignee_id is not None:
        case.tell(OrderAccepted(after.id, ticket_id, after.assignee_id))
    elif act is OrderAct.LEAVE and after.assignee_id is not None:
        case.tell(OrderOnTheWay(after.id, ticket_id, after.assignee_id))
    elif act is OrderAct.DECLINE and had is not None:
        case.tell(OrderDeclined(after.id, ticket_id, had))
    elif act is OrderAct.DONE:
        case.tell(OrderDone(after.id, ticket_id, after.assignee_id))
    elif act is OrderAct.HOLD:
        version, until = after.version + 1, iso(after.hold_until)
        case.tell(OrderOnHold(after.id, ticket_id, after.hold_reason or "", until, version))
        case.tell_with_id(
            lambda event_id: HoldDue(after.id, version, event_id, until),
            case.last_event,
            due=_hold_reminded(case, after),
        )
    elif act in _RELEASES and before.state in ORDER_HELD and had is not None:
        case.tell(OrderReleased(after.id, ticket_id, had, act.value))


def _hold_reminded(case: Case, order: HeldOrder) -> datetime:
    """When somebody is reminded of a hold first; without an end the office hours of its campus count (N4)."""
    work = None if order.hold_until is not None else calendars.work_of("office", order.campus_id)
    return deadlines.hold_reminded(case.now, order.hold_until, work)
