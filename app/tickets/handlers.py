"""What tickets do when something happened: offers, timers, waiting orders. Each is safe to run again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.exc import DBAPIError, OperationalError

from app.core import clock, outbox, transaction
from app.core.actor import Actor
from app.core.deliveries import Lease
from app.core.errors import DomainError, Stale
from app.core.transaction import steps
from app.events.sites import CalendarPublished
from app.events.tickets.clocks import ClocksDue
from app.events.tickets.dispatch import HandFreed, OfferEnded, OfferExpired, OrderQueued, WaitingOrdersDue
from app.events.tickets.duty import DutyCallDue, DutyCallWanted
from app.events.tickets.orders import HoldDue, OrderDone, OrderReleased
from app.events.tickets.tickets import AnswerOverdue, DefaultCloseDue, LeaversDue
from app.events.tickets.visits import VisitNear
from app.tickets.queries import leavers, sla
from app.tickets.queries import orders as order_queries
from app.tickets.rules.offers import Wake
from app.tickets.services import clocks, dispatching, duty_calls, escalating, leaving, recalendaring, timers

log = logging.getLogger(__name__)

CLOCKS_AT_ONCE = 500  # tickets whose clocks are looked at in one pass; the rest follow in the next
LEAVERS_AT_ONCE = 500  # a whole year leaves on one day; the rest follows in the next hour
WOKEN_AT_ONCE = 10  # one freed hand takes one order; some of the first may not suit
SEEN_AFTER = timedelta(seconds=10)  # by then it is seen whether one of them did
AGAIN_AFTER = timedelta(minutes=10)  # clocks that could not be looked at


def on_order_queued(event: OrderQueued, actor: Actor, now: datetime) -> None:
    """Offer the order to the best candidate."""
    wake = Wake(event.wake) if event.wake else None
    dispatching.dispatch_order(actor=actor, now=now, order_id=event.order_id, wake=wake)


def on_offer_expired(event: OfferExpired, actor: Actor, now: datetime) -> None:
    dispatching.expire_offer(actor=actor, now=now, order_id=event.order_id, offer_id=event.offer_id)


def on_somebody_freed(event: OrderDone | OrderReleased | OfferEnded, actor: Actor, now: datetime) -> None:
    """Somebody has a hand free: the orders of that trade which found nobody are tried again (39)."""
    trade_id = order_queries.trade_of(event.order_id)
    if trade_id is not None:
        waiting = dispatching.waiting_orders(trade_id=trade_id, found_nobody=True)
        _wake(trade_id, [each for each in waiting if each[0] != event.order_id], now)


def on_hand_freed(event: HandFreed, actor: Actor, now: datetime) -> None:
    """None of those tried for a free hand was for him: the next in turn are tried. One hand takes one order."""
    waiting = dispatching.waiting_orders(trade_id=event.trade_id, found_nobody=True)
    turn = [order_id for order_id, _ticket_id in waiting]
    if set(event.tried) <= set(turn):
        _wake(event.trade_id, waiting[turn.index(event.tried[-1]) + 1 :], now)


def _wake(trade_id: int, waiting: Sequence[tuple[int, int]], now: datetime) -> None:
    """Try the first of the waiting orders at once, and those behind them when it is seen that these found nobody."""
    first = waiting[:WOKEN_AT_ONCE]
    pending = [outbox.Pending(OrderQueued(order_id, ticket_id, Wake.FREED_UP.value)) for order_id, ticket_id in first]
    if len(waiting) > len(first):
        tried = tuple(order_id for order_id, _ticket_id in first)
        # whoever frees up in the same minute shares the walk: at a shift's end it is walked once, not by everybody
        key = f"hand-freed:{trade_id}:{tried[-1]}:{now:%Y%m%dT%H%M}"
        pending.append(outbox.Pending(HandFreed(trade_id, tried), key, now + SEEN_AFTER))
    outbox.publish_all(pending)


def on_default_close(event: DefaultCloseDue, actor: Actor, now: datetime) -> None:
    timers.close_by_default(actor=actor, now=now, ticket_id=event.ticket_id, cycle=event.cycle)


def on_answer_overdue(event: AnswerOverdue, actor: Actor, now: datetime) -> None:
    timers.answer_overdue(actor=actor, now=now, ticket_id=event.ticket_id, asked_at=event.asked_at)


def on_visit_near(event: VisitNear, actor: Actor, now: datetime) -> None:
    timers.visit_near(actor=actor, now=now, order_id=event.order_id)


def on_hold_due(event: HoldDue, actor: Actor, now: datetime) -> None:
    timers.hold_due(actor=actor, now=now, timer=event)


def on_duty_call_due(event: DutyCallDue, actor: Actor, now: datetime) -> None:
    duty_calls.repeat(actor=actor, now=now, order_id=event.order_id, call_id=event.call_id, times=event.times)


def on_duty_call_wanted(event: DutyCallWanted, actor: Actor, now: datetime) -> None:
    """The hours of a dispatch clock have begun: its order still needs somebody, or nothing is left to do."""
    duty_calls.call_before_due(actor=actor, now=now, order_id=event.order_id)


def on_clocks_due(event: ClocksDue, lease: Lease) -> None:
    """Periodic: take the steps of every clock that is due, one transaction for each ticket (20)."""
    with steps() as step:
        waiting = sla.due_tickets(clock.now(), CLOCKS_AT_ONCE)
        step()
        _each(waiting, lease, step, lambda ticket_id: _take_steps(lease, ticket_id), _put_off)


def _take_steps(lease: Lease, ticket_id: int) -> None:
    escalating.take_steps(actor=lease.actor, now=clock.now(), ticket_id=ticket_id)


def _put_off(ticket_id: int) -> None:
    now = clock.now()
    clocks.put_off(ticket_id, now, now + AGAIN_AFTER)


def on_leavers_due(event: LeaversDue, lease: Lease) -> None:
    """Periodic: whoever has left is no longer the contact of his open requests, one transaction for each (N5)."""
    with steps() as step:
        waiting = leavers.waiting(clock.now(), LEAVERS_AT_ONCE)
        step()
        _each(waiting, lease, step, lambda ticket_id: _pass_on(lease, ticket_id))


def _pass_on(lease: Lease, ticket_id: int) -> None:
    leaving.pass_to_office(actor=lease.actor, now=clock.now(), ticket_id=ticket_id)


def on_calendar_published(event: CalendarPublished, lease: Lease) -> None:
    """Every ticket with an open clock under the calendar is judged by its new version (19)."""
    with steps() as step:
        after = 0
        while waiting := recalendaring.waiting(event.calendar_id, event.version_id, after):
            step()
            _each(waiting, lease, step, lambda ticket_id: _rejudge(event, lease, ticket_id))
            after = waiting[-1]


def _rejudge(event: CalendarPublished, lease: Lease, ticket_id: int) -> None:
    recalendaring.rejudge(actor=lease.actor, now=clock.now(), ticket_id=ticket_id, version_id=event.version_id)


def _each(
    ids: Iterable[int],
    lease: Lease,
    step: Callable[[], None],
    act: Callable[[int], object],
    failed: Callable[[int], None] | None = None,
) -> None:
    """Do something for each, committed one by one; what cannot be done just now keeps nobody else waiting.

    `failed` is told of what went wrong for another reason than somebody else being at it: trying again at once is of
    no use then.
    """
    for number in ids:
        try:
            act(number)
        except Exception as error:
            transaction.abandon()
            busy = isinstance(error, DomainError | DBAPIError)
            log.log(
                logging.WARNING if busy else logging.ERROR,
                "not looked at",
                extra={"number": number, "error": type(error).__name__},
                exc_info=None if busy else error,
            )
            if failed is not None and not isinstance(error, Stale | OperationalError):
                failed(number)
        lease.renew()
        step()


def on_waiting_orders(event: WaitingOrdersDue, lease: Lease) -> None:
    """Periodic: try every waiting order again in its turn, one transaction each (39, 40)."""
    with steps() as step:
        waiting = [order_id for order_id, _ticket_id in dispatching.waiting_orders()]
        step()
        _each(waiting, lease, step, lambda order_id: _try_again(lease, order_id))


def _try_again(lease: Lease, order_id: int) -> None:
    dispatching.try_again(actor=lease.actor, now=clock.now(), order_id=order_id)
