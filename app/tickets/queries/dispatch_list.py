"""The dispatcher's list: open orders by what they wait for, tickets that wait for a person, and how many of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy import case as sql_case
from sqlalchemy.orm import aliased

from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import Category, Offer, Ticket, TicketEvent, Trade, WorkOrder
from app.tickets.queries import orders, tickets, viewer
from app.tickets.rules.dispatching import PRIORITY_ORDER
from app.tickets.rules.workflow import ORDER_OPEN, OrderState, TicketStatus

VIEWS: dict[str, tuple[str, ...]] = {
    "open": tuple(sorted(state.value for state in ORDER_OPEN)),
    "queued": (OrderState.QUEUED.value,),
    "offered": (OrderState.OFFERED.value,),
    "work": (OrderState.ACCEPTED.value, OrderState.EN_ROUTE.value, OrderState.WORKING.value),
    "hold": (OrderState.ON_HOLD.value,),
    "planned": (OrderState.PLANNED.value,),
}
"""What the list can be narrowed to by state; tickets that wait for a person are the view `waits`."""

REFUSALS = ("declined", "expired")
_building = aliased(Place)
_waits_for_staff = (TicketStatus.SUBMITTED.value, TicketStatus.NEEDS_INFO.value)
_moving = (TicketStatus.ACCEPTED.value, TicketStatus.IN_SERVICE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filters of the list: ids of campus and building, code of the trade, one priority."""

    campus: int | None = None
    building: int | None = None
    trade: str | None = None
    priority: str | None = None


def _rank(column: Any) -> Any:
    return sql_case({name: at for at, name in enumerate(PRIORITY_ORDER)}, value=column, else_=len(PRIORITY_ORDER))


def _of_orders(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [viewer.orders_seen(actor)]
    if wanted.campus is not None:
        found.append(WorkOrder.campus_id == wanted.campus)
    if wanted.building is not None:
        found.append(WorkOrder.building_id == wanted.building)
    if wanted.priority is not None:
        found.append(WorkOrder.priority == wanted.priority)
    if wanted.trade is not None:
        found.append(WorkOrder.trade_id.in_(select(Trade.id).where(Trade.code == wanted.trade)))
    return found


def page(
    actor: Actor, view: str, wanted: Wanted, *, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Any]:
    """Open orders the actor sees, in the order in which they are served (40). One statement."""
    rank = _rank(WorkOrder.priority)
    query = (
        orders.order_rows()
        .add_columns(
            rank.label("rank"),
            _building.name.label("building"),
            Ticket.filed_at,
            Offer.round,
            Offer.made_by,
            _refusals().label("refusals"),
        )
        .outerjoin(
            _building,
            and_(_building.institution_id == WorkOrder.institution_id, _building.id == WorkOrder.building_id),
        )
        .outerjoin(
            Offer,
            and_(
                Offer.institution_id == WorkOrder.institution_id,
                Offer.order_id == WorkOrder.id,
                Offer.outcome.is_(None),
            ),
        )
        .where(WorkOrder.state.in_(VIEWS[view]), *_of_orders(actor, wanted))
    )
    return paging.page(query, [("rank", rank.asc()), ("id", WorkOrder.id.asc())], cursor, limit)


def _refusals() -> Any:
    """How often the order was declined or left to expire, in all."""
    past = aliased(Offer)
    return (
        select(func.count())
        .where(
            past.institution_id == WorkOrder.institution_id,
            past.order_id == WorkOrder.id,
            past.outcome.in_(REFUSALS),
        )
        .correlate(WorkOrder)
        .scalar_subquery()
    )


def _waiting() -> ColumnElement[bool]:
    """N3: nobody has looked at it yet, a question is out, or no order of it is open."""
    open_order = exists().where(
        WorkOrder.institution_id == Ticket.institution_id,
        WorkOrder.ticket_id == Ticket.id,
        WorkOrder.state.in_(VIEWS["open"]),
    )
    return or_(Ticket.status.in_(_waits_for_staff), and_(Ticket.status.in_(_moving), ~open_order))


def _of_tickets(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [viewer.tickets_seen(actor), _waiting()]
    if wanted.campus is not None:
        found.append(Ticket.campus_id == wanted.campus)
    if wanted.building is not None:
        found.append(Ticket.building_id == wanted.building)
    if wanted.priority is not None:
        found.append(Ticket.priority == wanted.priority)
    if wanted.trade is not None:
        of_trade = select(Category.id).join(Category.trade).where(Trade.code == wanted.trade)
        found.append(Ticket.category_id.in_(of_trade))
    return found


def waits(
    actor: Actor, wanted: Wanted, *, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Any]:
    """Tickets that wait for a person, the urgent and old first. One statement."""
    rank = _rank(Ticket.priority)
    query = (
        tickets.ticket_rows()
        .add_columns(
            rank.label("rank"), Ticket.asked_at, Trade.name.label("trade_name"), _building.name.label("building")
        )
        .outerjoin(Category.trade)
        .outerjoin(
            _building, and_(_building.institution_id == Ticket.institution_id, _building.id == Ticket.building_id)
        )
        .where(*_of_tickets(actor, wanted))
    )
    return paging.page(query, [("rank", rank.asc()), ("id", Ticket.id.asc())], cursor, limit)


def counts(actor: Actor, wanted: Wanted) -> dict[str, int]:
    """How many there are in each view. Two statements."""
    rows = db.session.execute(
        select(WorkOrder.state, func.count())
        .where(WorkOrder.state.in_(VIEWS["open"]), *_of_orders(actor, wanted))
        .group_by(WorkOrder.state)
    )
    by_state: dict[str, int] = {row[0]: row[1] for row in rows}
    found = {view: sum(by_state.get(state, 0) for state in states) for view, states in VIEWS.items()}
    waiting = select(func.count()).select_from(Ticket).where(*_of_tickets(actor, wanted))
    found["waits"] = db.session.scalar(waiting) or 0
    return found


def stamp() -> str:
    """A text that changes with every act on a ticket or order of the institution, and with what the ranking finds."""
    last = select(func.max(TicketEvent.id)).scalar_subquery()
    stuck = (
        select(func.count())
        .select_from(WorkOrder)
        .where(WorkOrder.state == OrderState.QUEUED.value, WorkOrder.waiting.is_not(None))
        .scalar_subquery()
    )
    row = db.session.execute(select(last, stuck)).one()
    return f"{row[0] or 0}-{row[1]}"


def campuses_and_buildings(limit: int = 500) -> Sequence[Any]:
    """The places the list can be narrowed to: (id, kind, name, campus_id), campuses first, in the order of the tree."""
    return db.session.execute(
        select(Place.id, Place.kind, Place.name, Place.campus_id)
        .where(Place.kind.in_(("campus", "building")), Place.valid_to.is_(None))
        .order_by(Place.kind.desc(), Place.sort_key, Place.id)
        .limit(limit)
    ).all()
