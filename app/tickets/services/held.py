"""The rows of a case as plain values, and locking them: the ticket first, its orders under its lock."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, bindparam, func, literal, select

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.tickets.models import Ticket, TicketEvent, TicketFollower, WorkOrder
from app.tickets.queries import accepting, viewer
from app.tickets.rules.workflow import OrderState, TicketStatus


@dataclass(slots=True)
class HeldTicket:
    """The columns of a locked ticket an act may need or change; `third_party`: its category wants an acceptance (V)."""

    id: int
    number: str
    status: TicketStatus
    state_before: TicketStatus | None
    asked_from: TicketStatus | None
    cycle: int
    category_id: int
    category_version_id: int | None
    place_id: int | None
    campus_id: int | None
    building_id: int | None
    reporter_id: int | None
    urgency: str
    impact: str
    priority: str
    visit_from: datetime | None
    visit_to: datetime | None
    duplicate_of_id: int | None
    merge_id: int | None
    filed_at: datetime
    asked_at: datetime | None
    rejected_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reminders: int
    not_fixed_count: int
    urged: int
    urged_at: datetime | None
    left_at: datetime | None
    promised_at: datetime | None
    due_at: datetime | None
    due_clock: str | None
    version: int
    third_party: bool


@dataclass(slots=True)
class HeldOrder:
    """The columns of an order of a locked ticket."""

    id: int
    number: str
    ticket_id: int
    trade_id: int
    kind: str
    state: OrderState
    cycle: int
    priority: str
    campus_id: int | None
    building_id: int | None
    assignee_id: int | None
    dispatcher_id: int | None
    offered_until: datetime | None
    planned_minutes: int
    hold_reason: str | None
    hold_until: datetime | None
    rework_of_id: int | None
    after_id: int | None
    waiting: str | None
    lead_called_at: datetime | None
    help_asked_at: datetime | None
    proposed_by: int | None
    pooled: bool
    worked: bool
    urged: int
    due_at: datetime | None
    due_clock: str | None
    started_at: datetime | None
    done_at: datetime | None
    version: int


_TICKET_FIELDS = tuple(each.name for each in dataclasses.fields(HeldTicket))
_ORDER_FIELDS = tuple(each.name for each in dataclasses.fields(HeldOrder))
_TICKET_COLUMNS = [
    accepting.of_ticket().label(name) if name == "third_party" else getattr(Ticket, name) for name in _TICKET_FIELDS
]
_ORDER_COLUMNS = [getattr(WorkOrder, name) for name in _ORDER_FIELDS]


@dataclass(frozen=True, slots=True)
class Locked:
    """What is read when a ticket is locked. `at` is the instant of the act: time never falls inside a ticket."""

    ticket: HeldTicket
    orders: dict[int, HeldOrder]
    followers: int
    at: datetime


def ticket(ticket_id: int, *, actor: Actor, now: datetime) -> Locked:
    """Lock a ticket the actor may see. Raises NotFound for any other."""
    return _lock([Ticket.id == ticket_id, viewer.tickets_seen(actor)], now)


def ticket_of(order_id: int, *, actor: Actor, now: datetime, lock: bool = True) -> Locked:
    """Lock (or only read) the ticket of an order the actor may see. Raises NotFound for any other."""
    owner = select(WorkOrder.ticket_id).where(WorkOrder.id == order_id, viewer.orders_seen(actor)).scalar_subquery()
    return _lock([Ticket.id == owner], now, lock=lock)


def _lock(conditions: list[Any], now: datetime, *, lock: bool = True) -> Locked:
    query = select(*_TICKET_COLUMNS).where(*conditions)
    row = db.session.execute(query.with_for_update(key_share=True, of=Ticket) if lock else query).first()
    if row is None:
        raise NotFound
    held = HeldTicket(*row)
    held.status = TicketStatus(held.status)
    held.state_before = None if held.state_before is None else TicketStatus(held.state_before)
    held.asked_from = None if held.asked_from is None else TicketStatus(held.asked_from)
    return _with_orders(held, now)


def _orders_of() -> Any:
    ticket: BindParameter[int] = bindparam("ticket", type_=BigInteger)
    last = select(func.max(TicketEvent.at)).where(TicketEvent.ticket_id == ticket).scalar_subquery()
    followers = (
        select(func.count())
        .where(TicketFollower.ticket_id == ticket, TicketFollower.ended_at.is_(None))
        .scalar_subquery()
    )
    one = select(literal(1).label("one")).subquery()
    return (
        select(last, followers, *_ORDER_COLUMNS)
        .select_from(one.outerjoin(WorkOrder, WorkOrder.ticket_id == ticket))
        .order_by(WorkOrder.id)
    )


_ORDERS = _orders_of()  # every act asks it, so it is built once


def _with_orders(held: HeldTicket, now: datetime) -> Locked:
    """The orders, the last event's instant and the followers: one statement, begun after the lock was had."""
    rows = db.session.execute(_ORDERS, {"ticket": held.id}).all()
    orders: dict[int, HeldOrder] = {}
    for row in rows:
        if row.id is not None:
            order = HeldOrder(*row[2:])
            order.state = OrderState(order.state)
            orders[order.id] = order
    return Locked(held, orders, rows[0][1], max(now, rows[0][0] or now))
