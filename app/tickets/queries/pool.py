"""The pool as one of the crew sees it: orders of his trades in his places, in the order in which they are served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, select
from sqlalchemy.orm import aliased

from app.core.actor import Actor
from app.core.db import db
from app.sites import queries as places
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import TechnicianTrade, TechnicianZone, Ticket, WorkOrder
from app.tickets.queries import orders
from app.tickets.queries.crews import valid_on
from app.tickets.rules.dispatching import PRIORITY_ORDER
from app.tickets.rules.workflow import OrderState

SHOWN = 100
_building = aliased(Place)


def could_be_of(actor: Actor) -> ColumnElement[bool]:
    """Orders that are or were in the pool and whose trade the actor has."""
    if actor.id is None or not actor.can(policies.WORK):
        return false()
    trades = select(TechnicianTrade.trade_id).where(
        TechnicianTrade.person_id == actor.id, TechnicianTrade.valid_to.is_(None)
    )
    return and_(WorkOrder.pooled, WorkOrder.trade_id.in_(trades))


def waiting(actor: Actor, now: datetime) -> Sequence[Any]:
    """What lies in the pool for the actor, most urgent first; at most SHOWN. One statement."""
    turn = case({name: at for at, name in enumerate(PRIORITY_ORDER)}, value=WorkOrder.priority, else_=9)
    return db.session.execute(
        orders.order_rows()
        .add_columns(Ticket.filed_at, _building.name.label("building"), WorkOrder.building_id)
        .outerjoin(
            _building,
            and_(_building.institution_id == WorkOrder.institution_id, _building.id == WorkOrder.building_id),
        )
        .where(*_here(actor, now))
        .order_by(turn, WorkOrder.due_at.asc().nulls_last(), WorkOrder.id)
        .limit(SHOWN)
    ).all()


def count(actor: Actor, now: datetime) -> int:
    """How many lie there. One statement."""
    of_ticket = and_(Ticket.institution_id == WorkOrder.institution_id, Ticket.id == WorkOrder.ticket_id)
    query = select(func.count()).select_from(WorkOrder).join(Ticket, of_ticket).where(*_here(actor, now))
    return db.session.scalar(query) or 0


def _here(actor: Actor, now: datetime) -> list[ColumnElement[bool]]:
    """Queued in the pool, of his trades, in the places he serves or below them."""
    return [WorkOrder.state == OrderState.QUEUED.value, could_be_of(actor), Ticket.place_id.in_(_served(actor, now))]


def _served(actor: Actor, now: datetime) -> Any:
    serves = select(TechnicianZone.place_id).where(
        TechnicianZone.person_id == actor.id, valid_on(TechnicianZone, places.today(now))
    )
    down = select(Place.institution_id, Place.id).where(Place.id.in_(serves)).cte("served", recursive=True)
    below = aliased(Place)
    down = down.union(
        select(below.institution_id, below.id).join(
            down, and_(below.institution_id == down.c.institution_id, below.parent_id == down.c.id)
        )
    )
    return select(down.c.id)
