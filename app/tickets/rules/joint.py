"""What a ticket and its orders mean for each other (tickets-rules 1, 2, N3).

A service that changed the one asks here what follows for the other, and does it in the same transaction: first the
act itself, then `follow_ups`, then `after_orders` with the states as they are now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from app.tickets.rules.order_table import OrderAct
from app.tickets.rules.reasons import SYSTEM_CANCEL
from app.tickets.rules.states import ORDER_OPEN, TICKET_MOVING, OrderState, TicketStatus
from app.tickets.rules.ticket_table import TicketAct

ORDER_TAKEN: Final = frozenset({OrderState.ACCEPTED, OrderState.EN_ROUTE, OrderState.WORKING})
"""States that show an order was accepted. On hold is not among them: a dispatcher may hold an order nobody took."""

ORDER_DELIVERED: Final = frozenset({OrderState.DONE, OrderState.VERIFIED, OrderState.CLOSED})
"""Done, or of an earlier cycle verified or closed: something has been delivered."""

_UP_TO_OFFERED: Final = frozenset({OrderState.PLANNED, OrderState.QUEUED, OrderState.OFFERED, OrderState.CANCELLED})


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An act of the system on one order that belongs to an act on its ticket."""

    order_id: int
    act: OrderAct
    reason: str | None = None


def after_orders(status: TicketStatus, orders: Iterable[OrderState]) -> TicketAct | None:
    """What the orders, as they are now, do to their ticket; None: nothing.

    The first order taken puts an accepted ticket in service; no open order and something delivered resolves one in
    service. No open order and nothing delivered does nothing (N3): it waits for a person.
    """
    states = tuple(orders)
    if status is TicketStatus.ACCEPTED and ORDER_TAKEN.intersection(states):
        return TicketAct.ORDER_ACCEPTED
    if status is TicketStatus.IN_SERVICE and all_done(states):
        return TicketAct.ALL_DONE
    return None


def all_done(orders: Iterable[OrderState]) -> bool:
    """No open order, and one done or of an earlier cycle closed."""
    states = set(orders)
    return not states & ORDER_OPEN and bool(states & ORDER_DELIVERED)


def stranded(status: TicketStatus, orders: Iterable[OrderState]) -> bool:
    """N3: accepted or in service, no open order and none delivered; the ticket waits for a person."""
    states = set(orders)
    return status in TICKET_MOVING and not states & (ORDER_OPEN | ORDER_DELIVERED)


def none_beyond_offered(orders: Iterable[OrderState]) -> bool:
    """Whether a question may still be asked: no order was taken or is on hold."""
    return _UP_TO_OFFERED.issuperset(orders)


def follow_ups(act: TicketAct, orders: Mapping[int, OrderState], named: int | None = None) -> tuple[FollowUp, ...]:
    """What the system does to the orders because `act` was done to their ticket, in order of their ids.

    `orders` are the states before; `named` is the order a not_fixed speaks of. Opening new orders (accept, answer,
    reconsider, unmerge where none is open; not_fixed always) is the service's, which knows the trades (`opens_orders`).
    A QUEUE is done only where the row's demands are met: an order that waits for another stays planned.
    """
    found: list[FollowUp] = []
    for order_id, state in sorted(orders.items()):
        found += _follow_up(act, order_id, state, named)
    return tuple(found)


def _follow_up(act: TicketAct, order_id: int, state: OrderState, named: int | None) -> list[FollowUp]:
    if act in SYSTEM_CANCEL:
        return [FollowUp(order_id, OrderAct.CANCEL, SYSTEM_CANCEL[act])] if state in ORDER_OPEN else []
    if act is TicketAct.ASK:
        waiting = state in {OrderState.QUEUED, OrderState.OFFERED}
        return [FollowUp(order_id, OrderAct.SUSPEND)] if waiting else []
    if act is TicketAct.ANSWER:
        return [FollowUp(order_id, OrderAct.QUEUE)] if state is OrderState.PLANNED else []
    if act in {TicketAct.CONFIRM, TicketAct.ACCEPT_THIRD, TicketAct.DEFAULT}:
        return _verify_and_close(order_id, state)
    if act is TicketAct.NOT_FIXED and order_id == named and state is OrderState.DONE:
        return [FollowUp(order_id, OrderAct.REWORKED)]
    return []


def _verify_and_close(order_id: int, state: OrderState) -> list[FollowUp]:
    close = FollowUp(order_id, OrderAct.CLOSE)
    if state is OrderState.DONE:
        return [FollowUp(order_id, OrderAct.VERIFY), close]
    return [close] if state is OrderState.VERIFIED else []


def opens_orders(act: TicketAct, after: TicketStatus, orders: Iterable[OrderState]) -> bool:
    """Whether orders are to be opened now that `act` has put the ticket into `after`.

    Only where the ticket lets orders move; then after not_fixed always (the rework order), otherwise when none is
    open. A ticket reconsidered into needs_info gets its orders with the answer.
    """
    if after not in TICKET_MOVING:
        return False
    if act is TicketAct.NOT_FIXED:
        return True
    opening = {TicketAct.ACCEPT, TicketAct.ANSWER, TicketAct.RECONSIDER, TicketAct.UNMERGE}
    return act in opening and not ORDER_OPEN.intersection(orders)
