"""Lists of work orders and one order, as plain rows; one scoped statement per list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, and_, case, select, union
from sqlalchemy import func as sql_func
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.prepared import Reading, among, code, number, value
from app.sites.models import Place
from app.tickets.models import Category, Offer, OrderHelper, Ticket, TicketEvent, Trade, WorkOrder
from app.tickets.queries import viewer
from app.tickets.queries.viewer import Sight
from app.tickets.rules.dispatching import PRIORITY_ORDER
from app.tickets.rules.workflow import ORDER_LOAD, OrderAct, OrderState

_Dispatcher = aliased(Person)

PLACE = sql_func.coalesce(Place.path, Ticket.place_text).label("place")
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
    WorkOrder.due_clock,
    WorkOrder.planned_minutes,
    WorkOrder.hold_reason,
    WorkOrder.hold_until,
    WorkOrder.waiting,
    WorkOrder.pooled,
    WorkOrder.proposed_by,
    WorkOrder.help_asked_at,
    WorkOrder.urged,
    WorkOrder.rework_of_id,
    WorkOrder.opened_at,
    WorkOrder.started_at,
    WorkOrder.done_at,
    Category.code.label("category"),
    Category.name.label("category_name"),
    Category.icon,
    Ticket.place_id,
    PLACE,
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


def order_rows(page: Subquery | None = None, columns: Sequence[Any] = _COLUMNS) -> Any:
    """The columns of an order as lists and pages show it, with what the crew needs of its ticket.

    Of those alone whose `id` a page has, where one is given. `columns`: those of a list that shows fewer.
    """
    rows = select(*columns)
    if page is not None:
        rows = rows.select_from(page).join(WorkOrder, WorkOrder.id == page.c.id)
    return (
        rows.join(Ticket, and_(Ticket.institution_id == WorkOrder.institution_id, Ticket.id == WorkOrder.ticket_id))
        .join(Trade, and_(Trade.institution_id == WorkOrder.institution_id, Trade.id == WorkOrder.trade_id))
        .join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
        .outerjoin(Place, and_(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id))
        .outerjoin(Person, and_(Person.institution_id == WorkOrder.institution_id, Person.id == WorkOrder.assignee_id))
    )


def reworked() -> Any:
    """Whether another order does again what this one did: it did not hold.

    A look-up per order shown: EXISTS would be turned into a table of all that was ever done again.
    """
    again = aliased(WorkOrder)
    found = select(again.id).where(again.institution_id == WorkOrder.institution_id, again.rework_of_id == WorkOrder.id)
    return found.limit(number(1)).scalar_subquery().is_not(None)


def turn_of(priority: Any) -> Any:
    """The turn of a priority, 0 first (40), as the index of open orders has it (`models.checks.turn`)."""
    return case(
        *((priority == code(each), number(at)) for at, each in enumerate(PRIORITY_ORDER)),
        else_=number(len(PRIORITY_ORDER)),
    )


def page(actor: Actor, wanted: OrderFilter, *, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """A page of orders the actor sees, newest first."""
    shape = _shape(actor, wanted, after=bool(cursor), limit=limit)
    return _listing(shape).page(cursor, **viewer.values_of(actor), **_given(wanted))


@dataclass(frozen=True, slots=True)
class _Shape:
    """Which conditions a list has; lists of one shape share their statement."""

    sight: Sight
    limit: int
    mine: bool
    states: tuple[str, ...]
    columns: frozenset[str]
    after: bool


_FILTERS: dict[str, Any] = {
    "of_ticket": WorkOrder.ticket_id,
    "of_assignee": WorkOrder.assignee_id,
    "of_trade": Trade.code,
    "waiting_for": WorkOrder.waiting,
}


def _given(wanted: OrderFilter) -> dict[str, Any]:
    """The values of the filters that are on."""
    given = {
        "of_ticket": wanted.ticket,
        "of_assignee": wanted.assignee,
        "of_trade": wanted.trade,
        "waiting_for": wanted.waiting,
    }
    return {name: each for name, each in given.items() if each is not None}


def _shape(actor: Actor, wanted: OrderFilter, *, after: bool, limit: int) -> _Shape:
    states = tuple(sorted(set(wanted.states)))
    return _Shape(viewer.sight_of(actor), limit, wanted.mine, states, frozenset(_given(wanted)), after)


@lru_cache(maxsize=256)
def _listing(shape: _Shape) -> paging.Listing:
    which = _which(shape)
    keys = (("id", which.selected_columns.id.desc()),)
    return paging.Listing(which, keys, order_rows, after=shape.after, limit=shape.limit)


def _which(shape: _Shape) -> Select[Any]:
    person = viewer.NAMED["viewer"]
    found = select(WorkOrder.id).where(*_narrowed(shape, WorkOrder))
    if shape.mine:
        return found.where(WorkOrder.assignee_id == person, among(WorkOrder.state, ORDER_LOAD))
    sight = shape.sight
    if sight.works and not (sight.everything or sight.campuses or sight.buildings):
        held, asked, lent, own = (aliased(WorkOrder) for _way in range(4))
        same = and_(asked.institution_id == Offer.institution_id, asked.id == Offer.order_id)
        offered = select(Offer.order_id).distinct().join(asked, same).where(Offer.person_id == person)
        together = and_(lent.institution_id == OrderHelper.institution_id, lent.id == OrderHelper.order_id)
        helped = select(OrderHelper.order_id).distinct().join(lent, together).where(OrderHelper.person_id == person)
        ways = (
            _walk(shape, held, select(held.id).where(held.assignee_id == person), held.id),
            _walk(shape, asked, offered, Offer.order_id),
            _walk(shape, lent, helped, OrderHelper.order_id),
            _walk(shape, own, select(own.id).where(own.proposed_by == person), own.id),
        )
        return select(union(*(select(way.c[0].label("id")) for way in ways)).subquery("found").c.id)
    return found.where(viewer.orders_of(sight))


def _narrowed(shape: _Shape, order: Any) -> list[ColumnElement[bool]]:
    """The filters that are on, on the table or an alias of it."""
    found = [among(order.state, shape.states)] if shape.states else []
    for name, column in _FILTERS.items():
        if name not in shape.columns:
            continue
        given = value(name, column.type)
        if column is Trade.code:
            found.append(order.trade_id.in_(select(Trade.id).where(Trade.code == given)))
        else:
            found.append(getattr(order, column.key) == given)
    return found


def _walk(shape: _Shape, order: Any, query: Any, key: Any) -> Any:
    """The newest of one way in which a technician has to do with orders: an index walk that ends with the page."""
    query = query.where(*_narrowed(shape, order))
    if shape.after:
        query = query.where(key < value("after_id", BigInteger))
    return query.order_by(key.desc()).limit(number(shape.limit + 1)).subquery()


def one(actor: Actor, order_id: int) -> Any:
    """One order with the contact of its ticket; raises NotFound for one the actor may not see."""
    row = _one(viewer.sight_of(actor)).first({**viewer.values_of(actor), "order_id": order_id})
    if row is None:
        raise NotFound
    return row


@lru_cache(maxsize=64)
def _one(sight: Sight) -> Reading:
    reporter = aliased(Person)
    return Reading(
        order_rows()
        .outerjoin(reporter, and_(reporter.institution_id == Ticket.institution_id, reporter.id == Ticket.reporter_id))
        .add_columns(
            WorkOrder.campus_id,
            WorkOrder.building_id,
            WorkOrder.trade_id,
            WorkOrder.dispatcher_id,
            WorkOrder.cycle,
            WorkOrder.after_id,
            case((WorkOrder.state == code(OrderState.ON_HOLD.value), last_of(OrderAct.HOLD, TicketEvent.data))).label(
                "hold_data"
            ),
            Ticket.reporter_id,
            contact_of(Ticket.contact_name, reporter.name).label("contact_name"),
            contact_of(Ticket.contact_phone, reporter.phone).label("contact_phone"),
        )
        .where(WorkOrder.id == value("order_id", BigInteger), viewer.orders_of(sight))
    )


def last_of(kind: str, column: Any, order_id: Any = WorkOrder.id) -> Any:
    """A column of the last event of a kind an order has; `order_id`: of another order of its ticket."""
    return (
        select(column)
        .where(
            TicketEvent.institution_id == WorkOrder.institution_id,
            TicketEvent.ticket_id == WorkOrder.ticket_id,
            TicketEvent.order_id == order_id,
            TicketEvent.kind == str(kind),
        )
        .order_by(TicketEvent.id.desc())
        .limit(number(1))
        .correlate(WorkOrder)
        .scalar_subquery()
    )


def contact_of(given: Any, reporters: Any) -> Any:
    """Whom the crew turns to: the contact that was given, else the reporter, unless he has left (N5)."""
    return sql_func.coalesce(given, case((Ticket.left_at.is_(None), reporters)))


def of_ticket(actor: Actor, ticket_id: int) -> Sequence[Any]:
    """All orders of a ticket the actor sees, oldest first (a ticket has few)."""
    query = order_rows().where(WorkOrder.ticket_id == ticket_id, viewer.orders_seen(actor)).order_by(WorkOrder.id)
    return db.session.execute(query.limit(200)).all()


OFFERS_SHOWN = 100


def offers_of(order_id: int) -> Sequence[Any]:
    """The last `OFFERS_SHOWN` of an order, newest first, with what was known when each was made (`why`)."""
    return db.session.execute(_offers(order_id).order_by(Offer.id.desc()).limit(OFFERS_SHOWN)).all()


def offer_of(order_id: int, offer_id: int) -> Any | None:
    """One offer of an order, however many came after it."""
    return db.session.execute(_offers(order_id).where(Offer.id == offer_id)).first()


def offers_page(order_id: int, *, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """All of them by pages, newest first."""
    return paging.page(_offers(order_id), [("id", Offer.id.desc())], cursor, limit)


def _offers(order_id: int) -> Any:
    return (
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
            _said_at(order_id, Offer.offered_at, _MADE, TicketEvent.reason).label("given_reason"),
            _said_at(order_id, Offer.offered_at, _MADE, TicketEvent.note).label("note"),
            _said_at(order_id, Offer.ended_at, _ENDED, TicketEvent.note).label("end_note"),
        )
        .join(Person, and_(Person.institution_id == Offer.institution_id, Person.id == Offer.person_id))
        .where(Offer.order_id == order_id)
    )


_MADE = (OrderAct.OFFER, OrderAct.REASSIGN)
_ENDED = (OrderAct.DECLINE, OrderAct.REVOKE)


def _said_at(order_id: int, instant: Any, acts: tuple[OrderAct, ...], column: Any) -> Any:
    """The reason, or the words beside it, with which an offer was made or ended."""
    of_ticket = select(WorkOrder.ticket_id).where(WorkOrder.id == order_id).scalar_subquery()
    return (
        select(column)
        .where(
            TicketEvent.ticket_id == of_ticket,
            TicketEvent.order_id == order_id,
            TicketEvent.kind.in_([each.value for each in acts]),
            TicketEvent.at == instant,
        )
        .order_by(TicketEvent.id.desc())
        .limit(1)
        .correlate(Offer)
        .scalar_subquery()
    )


def hold_begun(ticket_id: int, order_id: int) -> int | None:
    """The event an order's last hold began with."""
    begun = select(sql_func.max(TicketEvent.id)).where(
        TicketEvent.ticket_id == ticket_id, TicketEvent.order_id == order_id, TicketEvent.kind == OrderAct.HOLD.value
    )
    return db.session.scalar(begun)


def trade_of(order_id: int) -> int | None:
    """The trade of an order; None where there is no such order."""
    found: int | None = db.session.scalar(select(WorkOrder.trade_id).where(WorkOrder.id == order_id))
    return found


def numbers(order_ids: Collection[int]) -> dict[int, str]:
    """The numbers people know orders by."""
    if not order_ids:
        return {}
    rows = db.session.execute(select(WorkOrder.id, WorkOrder.number).where(WorkOrder.id.in_(list(order_ids))))
    return {row.id: row.number for row in rows}
