"""One act on many orders: each judged and done, or refused, by itself; the answer accounts for every one."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import DomainError, NotFound
from app.core.transaction import attempt
from app.tickets.models import Ticket, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching, orders, pool

AT_MOST = 100


class BulkAction(StrEnum):
    """What can be done to many orders at once."""

    AUTO = "auto"
    ASSIGN = "assign"
    POOL = "pool"
    UNPOOL = "unpool"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Item:
    """One order with the version the dispatcher saw."""

    id: int
    version: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: `refused` is None where it was done."""

    id: int
    refused: DomainError | None


def act_on_many(
    *,
    actor: Actor,
    now: datetime,
    action: BulkAction,
    items: Collection[Item],
    assignee: int | None = None,
    reason: str | None = None,
) -> list[Outcome]:
    """Do `action` to each order.

    Each is a savepoint of its own: what is refused leaves no trace, the others stand. The outcomes come in the order
    of `items`.
    """
    work = _work(action, actor, now, assignee, reason)
    found: dict[int, Outcome] = {}
    for item in _by_ticket({item.id: item for item in items}):
        try:
            with attempt():
                work(item)
            found[item.id] = Outcome(item.id, None)
        except DomainError as refused:
            found[item.id] = Outcome(item.id, refused)
    return [found.get(item.id) or Outcome(item.id, NotFound()) for item in items]


def _by_ticket(items: dict[int, Item]) -> list[Item]:
    """The items in the order of their tickets, all of which are locked first: never a ticket after a person."""
    rows = db.session.execute(
        select(WorkOrder.id, WorkOrder.ticket_id)
        .where(WorkOrder.id.in_(list(items)))
        .order_by(WorkOrder.ticket_id, WorkOrder.id)
    ).all()
    tickets = sorted({row.ticket_id for row in rows})
    db.session.execute(
        select(Ticket.id).where(Ticket.id.in_(tickets)).order_by(Ticket.id).with_for_update(key_share=True)
    )
    return [items[row.id] for row in rows]


def _work(
    action: BulkAction, actor: Actor, now: datetime, assignee: int | None, reason: str | None
) -> Callable[[Item], Any]:
    """The usual service of one order for each item."""
    if action is BulkAction.AUTO:
        return lambda item: dispatching.assign_automatically(actor=actor, now=now, order_id=item.id, seen=item.version)
    if action is BulkAction.ASSIGN:
        return lambda item: dispatching.assign(
            actor=actor, now=now, order_id=item.id, seen=item.version, assignee_id=assignee or 0, reason=reason
        )
    if action is BulkAction.CANCEL:
        return lambda item: orders.act(
            actor=actor, now=now, order_id=item.id, act=OrderAct.CANCEL, seen=item.version, reason=reason
        )
    move = pool.put if action is BulkAction.POOL else pool.take_out
    return lambda item: move(actor=actor, now=now, order_id=item.id, seen=item.version)
