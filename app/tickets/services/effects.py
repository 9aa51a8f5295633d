"""What a move sets in the columns besides the state; the same as `rules.history` folds from the events."""

from __future__ import annotations

from datetime import datetime

from app.tickets.rules import duty
from app.tickets.rules.workflow import OrderState, TicketAct, TicketStatus
from app.tickets.services.held import HeldOrder, HeldTicket


def on_ticket(ticket: HeldTicket, before: TicketStatus, to: TicketStatus, act: TicketAct, now: datetime) -> None:
    """Status, the way back and the last instants of a ticket that `act` moved from `before` to `to`."""
    ticket.status = to
    if act is TicketAct.ASK:
        ticket.asked_from = before
    if to is TicketStatus.NEEDS_INFO:
        ticket.asked_at, ticket.reminders = now, 0
    if to in (TicketStatus.REJECTED, TicketStatus.DUPLICATE):
        ticket.state_before = before
    if to is TicketStatus.REJECTED:
        ticket.rejected_at = now
    elif to is TicketStatus.RESOLVED:
        ticket.resolved_at = now
    elif to is TicketStatus.CLOSED:
        ticket.closed_at = now
    if act is TicketAct.NOT_FIXED:
        ticket.not_fixed_count += 1
        ticket.urged, ticket.urged_at = 0, None  # reminders are of a cycle
        ticket.visit_from = ticket.visit_to = None  # and so is when somebody may come


def on_order(order: HeldOrder, person_id: int | None, offered_until: datetime | None) -> None:
    """Who has the order in its new state: nobody, the person of the act, or still the same."""
    if order.state in (OrderState.PLANNED, OrderState.QUEUED, OrderState.CANCELLED):
        order.assignee_id = None
    elif order.state is OrderState.OFFERED or (order.state is OrderState.ACCEPTED and person_id is not None):
        order.assignee_id = person_id  # whom it is offered to, or who has taken it from the pool
    order.offered_until = offered_until if order.state is OrderState.OFFERED else None


def marks(order: HeldOrder, now: datetime, reason: str | None, until: datetime | None) -> None:
    """Hold, instants and dispatch marks of the order in its new state."""
    held = order.state is OrderState.ON_HOLD
    order.hold_reason = reason if held else None
    order.hold_until = until if held else None
    order.waiting = None
    if order.state is OrderState.QUEUED:
        order.proposed_by = None  # whoever sends it to dispatch approves it
    if not held and order.state is not OrderState.WORKING:
        order.help_asked_at = None
    if not duty.without_holder(order.state):
        order.lead_called_at = None  # where it waits for somebody again, he is called anew (38)
    if order.state is OrderState.WORKING:
        order.worked, order.started_at = True, order.started_at or now
    elif order.state is OrderState.DONE:
        order.done_at = now
