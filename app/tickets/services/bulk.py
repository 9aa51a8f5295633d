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
from app.tickets.queries import macros as macro_queries
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching, macros, orders, pool

AT_MOST = 100


class BulkAction(StrEnum):
    """What can be done to many orders at once: the moves a dispatcher may make, and macros."""

    AUTO = "auto"
    ASSIGN = "assign"
    POOL = "pool"
    UNPOOL = "unpool"
    CANCEL = "cancel"
    HOLD = "hold"
    REQUEUE = "requeue"
    QUEUE = "queue"
    REVOKE = "revoke"
    MACRO = "macro"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is done to each order, with what the act demands: the person of an assignment, reason and end of a hold."""

    action: BulkAction
    assignee: int | None = None
    reason: str | None = None
    note: str | None = None
    until: datetime | None = None
    macro_id: int | None = None


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


def act_on_many(*, actor: Actor, now: datetime, task: Task, items: Collection[Item]) -> list[Outcome]:
    """Do the task to each order.

    Each is a savepoint of its own: what is refused leaves no trace, the others stand. The outcomes come in the order
    of `items`. Raises NotFound for a macro that is closed.
    """
    work = _work(task, actor, now)
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


def _work(task: Task, actor: Actor, now: datetime) -> Callable[[Item], Any]:
    """The usual service of one order for each item."""
    if task.action is BulkAction.AUTO:
        return lambda item: dispatching.assign_automatically(actor=actor, now=now, order_id=item.id, seen=item.version)
    if task.action is BulkAction.ASSIGN:
        return lambda item: dispatching.assign(
            actor=actor,
            now=now,
            order_id=item.id,
            seen=item.version,
            assignee_id=task.assignee or 0,
            reason=task.reason,
        )
    if task.action is BulkAction.MACRO:
        macro = macro_queries.one(task.macro_id or 0)
        return lambda item: macros.use(actor=actor, now=now, order_id=item.id, seen=item.version, macro=macro)
    if task.action in _POOLING:
        move = pool.put if task.action is BulkAction.POOL else pool.take_out
        return lambda item: move(actor=actor, now=now, order_id=item.id, seen=item.version)
    return lambda item: orders.act(
        actor=actor,
        now=now,
        order_id=item.id,
        act=OrderAct(task.action.value),
        seen=item.version,
        reason=task.reason,
        note=task.note,
        until=task.until,
    )


_POOLING = frozenset({BulkAction.POOL, BulkAction.UNPOOL})
