"""Lists of work orders and one order, as plain rows; one scoped statement per list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy import case as sql_case
from sqlalchemy import func as sql_func
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.sites.models import Place
from app.tickets.models import Category, Offer, Ticket, Trade, WorkOrder
from app.tickets.queries import viewer
from app.tickets.rules.dispatching import PRIORITY_ORDER
from app.tickets.rules.workflow import ORDER_LOAD, ORDER_OPEN

_Dispatcher = aliased(Person)

_COLUMNS = (
    WorkOrder.id,
    WorkOrder.number,
    WorkOrder.ticket_id,
    Ticket.number.label("ticket_number"),
    Ticket.status.label("ticket_status"),
    Trade.code.label("trade"),
    Trade.name.label("trade_name"),
    WorkOrder.kind,
    WorkOrder.state,
    WorkOrder.priority,
    WorkOrder.assignee_id,
    Person.name.label("assignee_name"),
    WorkOrder.offered_until,
    WorkOrder.due_at,
    WorkOrder.planned_minutes,
    WorkOrder.hold_reason,
    WorkOrder.hold_until,
    WorkOrder.waiting,
    WorkOrder.rework_of_id,
    WorkOrder.opened_at,
    WorkOrder.started_at,
    WorkOrder.done_at,
    Category.code.label("category"),
    Category.name.label("category_name"),
    Category.icon,
    Ticket.place_id,
    sql_func.coalesce(Place.path, Ticket.place_text).label("place"),
    Ticket.description,
    Ticket.may_enter,
    WorkOrder.version,
)
NAMES = tuple(column.key for column in _COLUMNS)
"""The columns of a row in their order, for `core.http.dumping`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What a list of orders is narrowed to. `mine`: offered to me or held by me, open."""

    states: tuple[str, ...] = ()
    ticket: int | None = None
    mine: bool = False
    assignee: int | None = None
    trade: str | None = None
    waiting: str | None = None


def order_rows() -> Any:
    """The columns of an order as lists and pages show it, with what the crew needs of its ticket."""
    return (
        select(*_COLUMNS)
        .join(Ticket, and_(Ticket.institution_id == WorkOrder.institution_id, Ticket.id == WorkOrder.ticket_id))
        .join(Trade, and_(Trade.institution_id == WorkOrder.institution_id, Trade.id == WorkOrder.trade_id))
        .join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
        .outerjoin(Place, and_(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id))
        .outerjoin(Person, and_(Person.institution_id == WorkOrder.institution_id, Person.id == WorkOrder.assignee_id))
    )


def page(actor: Actor, wanted: OrderFilter, *, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """A page of orders the actor sees, newest first."""
    query = order_rows().where(*_conditions(actor, wanted))
    return paging.page(query, [("id", WorkOrder.id.desc())], cursor, limit)


def _conditions(actor: Actor, wanted: OrderFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.mine:
        found += [WorkOrder.assignee_id == (actor.id or 0), WorkOrder.state.in_(sorted(ORDER_LOAD))]
    else:
        found.append(viewer.orders_seen(actor))
    if wanted.states:
        found.append(WorkOrder.state.in_(wanted.states))
    if wanted.ticket is not None:
        found.append(WorkOrder.ticket_id == wanted.ticket)
    if wanted.assignee is not None:
        found.append(WorkOrder.assignee_id == wanted.assignee)
    if wanted.trade is not None:
        found.append(Trade.code == wanted.trade)
    if wanted.waiting is not None:
        found.append(WorkOrder.waiting == wanted.waiting)
    return found


def one(actor: Actor, order_id: int) -> Any:
    """One order with the contact of its ticket; raises NotFound for one the actor may not see."""
    reporter = aliased(Person)
    query = (
        order_rows()
        .outerjoin(reporter, and_(reporter.institution_id == Ticket.institution_id, reporter.id == Ticket.reporter_id))
        .add_columns(
            WorkOrder.campus_id,
            WorkOrder.building_id,
            WorkOrder.dispatcher_id,
            WorkOrder.cycle,
            Ticket.reporter_id,
            sql_func.coalesce(Ticket.contact_name, reporter.name).label("contact_name"),
            sql_func.coalesce(Ticket.contact_phone, reporter.phone).label("contact_phone"),
        )
        .where(WorkOrder.id == order_id, viewer.orders_seen(actor))
    )
    row = db.session.execute(query).first()
    if row is None:
        raise NotFound
    return row


def of_ticket(actor: Actor, ticket_id: int) -> Sequence[Any]:
    """All orders of a ticket the actor sees, oldest first (a ticket has few)."""
    query = order_rows().where(WorkOrder.ticket_id == ticket_id, viewer.orders_seen(actor)).order_by(WorkOrder.id)
    return db.session.execute(query.limit(200)).all()


def today(actor: Actor, *, limit: int = 100) -> Sequence[Any]:
    """A technician's orders in the order in which he works: running first, then offered, then by urgency and age."""
    state = sql_case(
        {"working": 0, "en_route": 1, "offered": 2, "accepted": 3, "on_hold": 4}, value=WorkOrder.state, else_=5
    )
    rank = sql_case({name: at for at, name in enumerate(PRIORITY_ORDER)}, value=WorkOrder.priority, else_=9)
    query = (
        order_rows()
        .where(WorkOrder.assignee_id == (actor.id or 0), WorkOrder.state.in_(sorted(ORDER_LOAD)))
        .order_by(state, rank, WorkOrder.id)
        .limit(limit)
    )
    return db.session.execute(query).all()


def open_page(
    actor: Actor, wanted: OrderFilter, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Any]:
    """The dispatcher's list: open orders the actor sees, in the order in which they are served (40)."""
    rank = sql_case({name: at for at, name in enumerate(PRIORITY_ORDER)}, value=WorkOrder.priority, else_=9)
    query = (
        order_rows()
        .add_columns(rank.label("rank"))
        .where(WorkOrder.state.in_(sorted(ORDER_OPEN)), *_conditions(actor, wanted))
    )
    return paging.page(query, [("rank", rank.asc()), ("id", WorkOrder.id.asc())], cursor, limit)


def offers_of(order_id: int) -> Sequence[Any]:
    """The offers of an order, newest first, with what was known when each was made (`why`)."""
    return db.session.execute(
        select(
            Offer.id,
            Offer.person_id,
            Person.name.label("person_name"),
            Offer.round,
            Offer.offered_at,
            Offer.until,
            Offer.made_by,
            Offer.override,
            Offer.outcome,
            Offer.ended_at,
            Offer.reason,
            Offer.why,
        )
        .join(Person, and_(Person.institution_id == Offer.institution_id, Person.id == Offer.person_id))
        .where(Offer.order_id == order_id)
        .order_by(Offer.id.desc())
        .limit(100)
    ).all()


def trade_of(order_id: int) -> int | None:
    """The trade of an order; None where there is no such order."""
    found: int | None = db.session.scalar(select(WorkOrder.trade_id).where(WorkOrder.id == order_id))
    return found


def names(person_ids: Sequence[int]) -> dict[int, str]:
    """Names by id, for what a ranking says."""
    if not person_ids:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return {row.id: row.name for row in rows}
