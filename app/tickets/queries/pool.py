"""The pool as one of the crew sees it: orders of his trades in his places, in the order in which they are served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Date, and_, false, func, select
from sqlalchemy.orm import aliased

from app.core.actor import Actor
from app.core.db import valid_on
from app.core.prepared import Reading, among, number, value
from app.sites import queries as places
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import TechnicianTrade, TechnicianZone, Ticket, WorkOrder
from app.tickets.queries import due, orders
from app.tickets.queries.orders import turn_of
from app.tickets.rules.workflow import OrderState

SHOWN = 100
_building = aliased(Place)


def could_be_of(actor: Actor) -> ColumnElement[bool]:
    """Orders that are or were in the pool and whose trade the actor has."""
    if actor.id is None or not actor.can(policies.WORK):
        return false()
    return _of_trades(actor.id)


def _of_trades(person: Any) -> ColumnElement[bool]:
    trades = select(TechnicianTrade.trade_id).where(
        TechnicianTrade.person_id == person, TechnicianTrade.valid_to.is_(None)
    )
    return and_(WorkOrder.pooled, WorkOrder.trade_id.in_(trades))


def waiting(actor: Actor, now: datetime) -> Sequence[Any]:
    """What lies in the pool for the actor, most urgent first; at most SHOWN. One statement."""
    return _waiting().rows(_given(actor, now)) if actor.can(policies.WORK) else []


def count(actor: Actor, now: datetime) -> int:
    """How many lie there. One statement."""
    row = _count().first(_given(actor, now)) if actor.can(policies.WORK) else None
    return row[0] if row else 0


def _given(actor: Actor, now: datetime) -> dict[str, Any]:
    return {"person": actor.id, "day": places.today(now)}


@cache
def _waiting() -> Reading:
    return Reading(
        orders.order_rows()
        .add_columns(Ticket.filed_at, _building.name.label("building"), WorkOrder.building_id, *due.columns(WorkOrder))
        .outerjoin(
            _building,
            and_(_building.institution_id == WorkOrder.institution_id, _building.id == WorkOrder.building_id),
        )
        .where(*_here())
        .order_by(turn_of(WorkOrder.priority), WorkOrder.due_at.asc().nulls_last(), WorkOrder.id)
        .limit(number(SHOWN))
    )


@cache
def _count() -> Reading:
    of_ticket = and_(Ticket.institution_id == WorkOrder.institution_id, Ticket.id == WorkOrder.ticket_id)
    return Reading(select(func.count()).select_from(WorkOrder).join(Ticket, of_ticket).where(*_here()))


def _here() -> list[ColumnElement[bool]]:
    """Queued in the pool, of the person's trades, in the places he serves or below them."""
    person = value("person", BigInteger)
    return [among(WorkOrder.state, (OrderState.QUEUED,)), _of_trades(person), Ticket.place_id.in_(_served(person))]


def _served(person: Any) -> Any:
    serves = select(TechnicianZone.place_id).where(
        TechnicianZone.person_id == person, valid_on(TechnicianZone, value("day", Date))
    )
    down = select(Place.institution_id, Place.id).where(Place.id.in_(serves)).cte("served", recursive=True)
    below = aliased(Place)
    down = down.union(
        select(below.institution_id, below.id).join(
            down, and_(below.institution_id == down.c.institution_id, below.parent_id == down.c.id)
        )
    )
    return select(down.c.id)
