"""The transitions of work orders (tickets-rules 2) that people make; offers and assignment are in `dispatching`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import TicketEvent
from app.tickets.rules import workflow
from app.tickets.rules.workflow import OrderAct, OrderState, TransitionRefused, Who
from app.tickets.services import done, evidence, pool, refusals
from app.tickets.services.case import Case, by_order
from app.tickets.services.done import OrderDone
from app.tickets.services.evidence import Handed
from app.tickets.services.held import HeldOrder

MAX_OFFSET = timedelta(days=366)
CORRECTED = timedelta(minutes=1)  # from here on a device's clock is said to be off


@dataclass(frozen=True, slots=True)
class Told:
    """What a device says: its time, the server's minus its own in seconds, and when it last heard the server."""

    at: datetime | None
    offset_s: float | None
    contact: datetime | None


def transition(
    *,
    actor: Actor,
    now: datetime,
    order_id: int,
    to: str,
    seen: int | None,
    reason: str | None = None,
    note: str | None = None,
    until: datetime | None = None,
    device_at: datetime | None = None,
    device_offset_s: float | None = None,
    contact: datetime | None = None,
    handed: Handed = evidence.NOTHING,
) -> OrderDone:
    """Move an order to a state, or decline it (`to` is one of `workflow.ORDER_API_TARGETS`).

    `until`: of a hold. `handed`: what the category demands at start and at the end. `device_at` with `device_offset_s`
    (server − device): when it really happened, not before `contact`, when the device heard the server last; for "done"
    by a dispatcher on behalf the true time, which is demanded. Raises NotFound, NotAllowed, Stale, Conflict, Rejected.
    """
    try:
        case, order = by_order(order_id, actor=actor, now=now)
    except NotFound:
        if to != OrderState.ACCEPTED:
            raise
        return pool.claim(actor=actor, now=now, order_id=order_id, seen=seen)  # the pool alone may show it to him
    if not policies.possible_parts_of_order(actor, order):
        raise scope_words.not_there(actor, order, [policies.DISPATCH])
    case.seen_order(order, seen)
    try:
        row = workflow.order_for_target(
            order.state, to, policies.parts_of_order(actor, order), ticket=case.ticket.status
        )
    except TransitionRefused as error:
        raise refusals.refused(error) from error
    if row.act is OrderAct.GRAB:
        if not order.pooled:  # an offer that has ended is no longer there to be taken
            raise refusals.refused(TransitionRefused(TransitionRefused.NOT_FROM_HERE, order.state, row.act))
        return pool.claim_in(case, order, seen)
    return _move(case, order, row, reason, note, until, Told(device_at, device_offset_s, contact), handed)


def act(
    *,
    actor: Actor,
    now: datetime,
    order_id: int,
    act: OrderAct,
    seen: int | None,
    reason: str | None = None,
    note: str | None = None,
    until: datetime | None = None,
    device_at: datetime | None = None,
    device_offset_s: float | None = None,
    contact: datetime | None = None,
    handed: Handed = evidence.NOTHING,
) -> OrderDone:
    """The same by the act of the table (what a button of a page knows)."""
    case, order = by_order(order_id, actor=actor, now=now)
    case.judge_order(order, act, seen)
    try:
        row = workflow.order_transition(order.state, act, ticket=case.ticket.status)
    except TransitionRefused as error:
        raise refusals.refused(error) from error
    return _move(case, order, row, reason, note, until, Told(device_at, device_offset_s, contact), handed)


def _move(
    case: Case,
    order: HeldOrder,
    row: workflow.OrderRow,
    reason: str | None,
    note: str | None,
    until: datetime | None,
    told: Told,
    handed: Handed,
) -> OrderDone:
    who = case.as_whom(order, row.act, row)
    device_at = told.at
    if device_at is not None:
        case.effective_at = _effective(case, order, device_at, told)
    judged = evidence.judge(case, order, row.act, handed, reason)
    case.move_order(
        order,
        row.act,
        row=row,
        reason=reason,
        note=note,
        until=until if row.act is OrderAct.HOLD else None,
        true_time=device_at if who is Who.DISPATCHER else None,
        device_at=device_at,
        data={**judged.data, **_corrected(case, device_at)},
        **judged.facts,
    )
    case.settle()
    case.write()
    return done.order(case, order)


def _effective(case: Case, order: HeldOrder, device_at: datetime, told: Told) -> datetime:
    """Device time plus the known offset, not before the order's last event or the last contact, not after now (11)."""
    furthest = MAX_OFFSET.total_seconds()
    said = device_at + timedelta(seconds=min(max(told.offset_s or 0, -furthest), furthest))
    last = db.session.scalar(
        select(func.max(func.coalesce(TicketEvent.effective_at, TicketEvent.at))).where(
            TicketEvent.ticket_id == case.ticket.id, TicketEvent.order_id == order.id
        )
    )
    return min(max(said, last or said, told.contact or said), case.now)


def _corrected(case: Case, device_at: datetime | None) -> dict[str, bool]:
    """The flag of an event whose device showed another time than counts (11)."""
    if device_at is None or case.effective_at is None or abs(case.effective_at - device_at) < CORRECTED:
        return {}
    return {"corrected": True}
