"""The dispatcher's list: open orders by what they wait for, tickets that wait for a person, and how many of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Subquery,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core import paging
from app.core.actor import Actor
from app.core.prepared import Reading, among, code, number, value
from app.sites.models import Place
from app.tickets.models import Category, Offer, Ticket, TicketEvent, Trade, WorkOrder
from app.tickets.models.checks import FAR
from app.tickets.queries import due, orders, tickets, viewer
from app.tickets.queries.filters import pattern
from app.tickets.queries.orders import turn_of
from app.tickets.queries.viewer import Sight
from app.tickets.rules.dispatching import EMERGENCY
from app.tickets.rules.grams import terms
from app.tickets.rules.numbers import NumberKind, parse_number
from app.tickets.rules.workflow import ORDER_OPEN, OrderState, TicketStatus

WAITS = "waits"
COUNTED = 1000  # of each state as many are counted; a tab says 999+
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
    """The filters of the list: ids of campus and building, code of the trade, one priority, and what is searched for.

    `q`: the number of an order or request, else words that all occur in number, place or description of the request.
    """

    campus: int | None = None
    building: int | None = None
    trade: str | None = None
    priority: str | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class _Shape:
    """What decides a statement: the view, who looks, the filters that are on, and the page.

    A priority stands in the text: as a value it had the server plan every column anew at each call (10 ms each).
    """

    view: str
    sight: Sight
    filters: frozenset[str]
    priority: str | None = None
    after: bool = False
    limit: int = 0


def _shape(actor: Actor, view: str, wanted: Wanted, **page: Any) -> _Shape:
    return _Shape(view, viewer.sight_of(actor), frozenset(_given(wanted)), wanted.priority, **page)


def _given(wanted: Wanted) -> dict[str, Any]:
    """The values of the filters that are on, those that stand in the text left out."""
    found = {name: each for name, each in asdict(wanted).items() if each is not None and name not in ("priority", "q")}
    return {**found, **_searched(wanted.q)} if wanted.q else found


def _searched(q: str) -> dict[str, Any]:
    """A number as such, else each word as a pattern."""
    said = parse_number(q)
    if said is None:
        return {f"word_{at}": pattern(word) for at, word in enumerate(terms(q))}
    return {"of_order" if said.kind is NumberKind.ORDER else "of_ticket": str(said)}


def _narrowed(shape: _Shape, table: Any, of_trade: Any) -> list[ColumnElement[bool]]:
    """The filters that are on, for orders or tickets; `of_trade` says what is of the trade asked for."""
    found = [
        getattr(table, column) == value(name, BigInteger)
        for name, column in (("campus", "campus_id"), ("building", "building_id"))
        if name in shape.filters
    ]
    if shape.priority is not None:
        found.append(table.priority == code(shape.priority))
    return [*found, of_trade] if "trade" in shape.filters else found


def _worded(shape: _Shape, ticket: Any) -> list[ColumnElement[bool]]:
    """What of a search is looked for in a ticket: its number, or every word."""
    words = sorted(name for name in shape.filters if name.startswith("word_"))
    found: list[ColumnElement[bool]] = [ticket.search.like(value(name, Text), escape="\\") for name in words]
    return [*found, ticket.number == value("of_ticket", Text)] if "of_ticket" in shape.filters else found


def _of_orders(shape: _Shape) -> list[ColumnElement[bool]]:
    of_trade = WorkOrder.trade_id.in_(select(Trade.id).where(Trade.code == value("trade", Text)))
    found = [viewer.orders_of(shape.sight), *_narrowed(shape, WorkOrder, of_trade)]
    if "of_order" in shape.filters:
        found.append(WorkOrder.number == value("of_order", Text))
    ticket = aliased(Ticket)
    if worded := _worded(shape, ticket):
        # looked up for each open order: EXISTS may become a search through all tickets there ever were
        its = and_(ticket.institution_id == WorkOrder.institution_id, ticket.id == WorkOrder.ticket_id)
        hit = select(ticket.id).where(its, *worded).limit(number(1)).correlate(WorkOrder)
        found.append(hit.scalar_subquery().is_not(None))
    return found


def _keys(table: Any, moving: ColumnElement[bool], first: ColumnElement[datetime]) -> tuple[tuple[str, Any], ...]:
    """The order of open work: what presses, then what is due first, late before all, then by turn (40).

    An emergency or one whose reporter reminded is lifted above the rest; what stands still comes last, by its end. For
    orders these are the columns of an index (`models.checks.pressing`).
    """
    lifted = or_(table.urged > number(0), table.priority == code(EMERGENCY))
    pressing = case(
        (and_(moving, lifted), number(0)), (or_(moving, table.due_at.is_not(None)), number(1)), else_=number(2)
    )
    return (
        ("pressing", pressing.asc()),
        ("first", first.asc()),
        ("rank", turn_of(table.priority).asc()),
        ("id", table.id.asc()),
    )


_far = literal_column(FAR, DateTime(timezone=True))
_ORDER_KEYS = _keys(
    WorkOrder,
    WorkOrder.state != code(OrderState.ON_HOLD.value),
    func.coalesce(WorkOrder.due_at, WorkOrder.hold_until, _far),
)


def _named(keys: Sequence[tuple[str, Any]]) -> list[Any]:
    """What a page is ordered by, as columns of it; the id comes from elsewhere."""
    return [ordered.element.label(name) for name, ordered in keys if name != "id"]


def page(
    actor: Actor, view: str, wanted: Wanted, *, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Any]:
    """Open orders the actor sees, what presses and is due first before the rest (`_keys`). One statement."""
    shape = _shape(actor, view, wanted, after=bool(cursor), limit=limit)
    return _orders(shape).page(cursor, **viewer.values_of(actor), **_given(wanted))


@lru_cache(maxsize=256)
def _orders(shape: _Shape) -> paging.Listing:
    which = select(WorkOrder.id, *_named(_ORDER_KEYS)).where(
        among(WorkOrder.state, VIEWS[shape.view]), *_of_orders(shape)
    )
    return paging.Listing(which, _ORDER_KEYS, _order_lines, after=shape.after, limit=shape.limit)


def column(actor: Actor, view: str, wanted: Wanted, limit: int) -> Sequence[Any]:
    """The orders of one column of the board, in the order of the list. One statement."""
    shape = _shape(actor, view, wanted, limit=limit)
    return _column(shape).rows({**viewer.values_of(actor), **_given(wanted)})


@lru_cache(maxsize=256)
def _column(shape: _Shape) -> Reading:
    keys = [ordered for _name, ordered in _ORDER_KEYS]
    shown = (
        select(WorkOrder.id, *_named(_ORDER_KEYS), func.row_number().over(order_by=keys).label("at"))
        .where(among(WorkOrder.state, VIEWS[shape.view]), *_of_orders(shape))
        .order_by(*keys)
        .limit(number(shape.limit))
        .subquery("shown")
    )
    return Reading(_order_lines(shown).order_by(shown.c.at))


_SHOWN = (
    WorkOrder.id,
    WorkOrder.version,
    WorkOrder.number,
    WorkOrder.kind,
    WorkOrder.state,
    WorkOrder.priority,
    WorkOrder.urged,
    WorkOrder.pooled,
    WorkOrder.waiting,
    WorkOrder.offered_until,
    WorkOrder.hold_reason,
    WorkOrder.hold_until,
    WorkOrder.help_asked_at,
    WorkOrder.proposed_by,
    WorkOrder.due_at,
    WorkOrder.due_clock,
    WorkOrder.assignee_id,
    Person.name.label("assignee_name"),
    cast(Trade.name, Text).label("trade_words"),
    cast(Category.name, Text).label("category_words"),
    Ticket.description,
    Ticket.filed_at,
    orders.PLACE,
    _building.name.label("building"),
)
"""What a line of the list or a slip of the board shows; each column more is read, sent and made for every row.

Words come as texts, so that a line can be looked up by its row (`dispatch.lines`)."""


def _order_lines(shown: Subquery) -> Select[Any]:
    keys = (shown.c.pressing, shown.c.first, shown.c.rank)
    columns = (*_SHOWN, *keys, _refusals().label("refusals"), *due.columns(WorkOrder))
    lines: Select[Any] = orders.order_rows(shown, columns).outerjoin(
        _building, and_(_building.institution_id == WorkOrder.institution_id, _building.id == WorkOrder.building_id)
    )
    return lines


def _refusals() -> Any:
    """How often the order was declined or left to expire, in all."""
    past = aliased(Offer)
    return (
        select(func.count())
        .where(
            past.institution_id == WorkOrder.institution_id,
            past.order_id == WorkOrder.id,
            among(past.outcome, REFUSALS),
        )
        .correlate(WorkOrder)
        .scalar_subquery()
    )


def _waiting(shape: _Shape) -> tuple[Select[Any], Select[Any]]:
    """N3, ids: nobody has looked at it yet or a question is out; it moves and no order of it is open.

    Two ways, no ticket in both: `… OR NOT EXISTS (…)` would be asked of each open ticket singly.
    """
    open_order = exists().where(
        WorkOrder.institution_id == Ticket.institution_id,
        WorkOrder.ticket_id == Ticket.id,
        among(WorkOrder.state, VIEWS["open"]),
    )
    of_trade = Ticket.category_id.in_(
        select(Category.id).join(Category.trade).where(Trade.code == value("trade", Text))
    )
    narrowed = [*_narrowed(shape, Ticket, of_trade), *_worded(shape, Ticket)]
    if "of_order" in shape.filters:
        ordered = select(WorkOrder.ticket_id).where(WorkOrder.number == value("of_order", Text))
        narrowed.append(Ticket.id.in_(ordered))
    seen = select(Ticket.id).where(viewer.tickets_of(shape.sight), *narrowed)
    return seen.where(among(Ticket.status, _waits_for_staff)), seen.where(among(Ticket.status, _moving), ~open_order)


def waits(
    actor: Actor, wanted: Wanted, *, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Any]:
    """Tickets that wait for a person, in the same order; one whose reporter was asked stands still. One statement."""
    shape = _shape(actor, WAITS, wanted, after=bool(cursor), limit=limit)
    return _tickets(shape).page(cursor, **viewer.values_of(actor), **_given(wanted))


@lru_cache(maxsize=128)
def _tickets(shape: _Shape) -> paging.Listing:
    of_table = _keys(Ticket, Ticket.status != code(TicketStatus.NEEDS_INFO.value), func.coalesce(Ticket.due_at, _far))
    found = union_all(*(each.add_columns(*_named(of_table)) for each in _waiting(shape))).subquery()
    keys = [(name, found.c[name].asc()) for name, _ordered in of_table]
    which = select(*found.c)
    return paging.Listing(which, keys, _ticket_lines, after=shape.after, limit=shape.limit)


def _ticket_lines(shown: Subquery) -> Select[Any]:
    lines: Select[Any] = (
        tickets.ticket_rows(shown)
        .add_columns(
            shown.c.pressing,
            shown.c.first,
            shown.c.rank,
            Ticket.asked_at,
            Trade.name.label("trade_name"),
            _building.name.label("building"),
        )
        .add_columns(Ticket.due_at, Ticket.due_clock, *due.columns(Ticket))
        .outerjoin(Category.trade)
        .outerjoin(
            _building, and_(_building.institution_id == Ticket.institution_id, _building.id == Ticket.building_id)
        )
    )
    return lines


def counts(actor: Actor, wanted: Wanted) -> dict[str, int]:
    """How many there are in each view, each state counted up to COUNTED. One statement."""
    return counts_stamped(actor, wanted)[0]


def counts_stamped(actor: Actor, wanted: Wanted) -> tuple[dict[str, int], str]:
    """The same and the stamp of what is shown with them, if that is read after: what changes meanwhile is seen later.

    One statement.
    """
    row = _counted(_shape(actor, "open", wanted)).one({**viewer.values_of(actor), **_given(wanted)})
    found: dict[str, int] = row._asdict()
    by_view = {view: sum(found[state] for state in states) for view, states in VIEWS.items()}
    return {**by_view, WAITS: found[WAITS]}, _stamped(found["last"], found["stuck"])


@lru_cache(maxsize=128)
def _counted(shape: _Shape) -> Reading:
    def some(*ways: Select[Any]) -> Any:
        cut = [select(each.limit(number(COUNTED)).subquery()) for each in ways]
        return select(func.count()).select_from(union_all(*cut).subquery()).scalar_subquery()

    seen = select(WorkOrder.id).where(*_of_orders(shape))
    by_state = [some(seen.where(among(WorkOrder.state, [state]))).label(state) for state in VIEWS["open"]]
    return Reading(select(*by_state, some(*_waiting(shape)).label(WAITS), *_changing()))


def matching(actor: Actor, view: str, wanted: Wanted, limit: int) -> dict[int, int]:
    """Id and version of every open order of a view the actor sees, narrowed; at most `limit`. One statement."""
    rows = _matching(_shape(actor, view, wanted, limit=limit)).rows({**viewer.values_of(actor), **_given(wanted)})
    return {row.id: row.version for row in rows}


@lru_cache(maxsize=64)
def _matching(shape: _Shape) -> Reading:
    found = select(WorkOrder.id, WorkOrder.version).where(among(WorkOrder.state, VIEWS[shape.view]), *_of_orders(shape))
    return Reading(found.limit(number(shape.limit)))


def newer(actor: Actor, wanted: Wanted, than: int) -> int:
    """How many open orders were opened after the one of id `than`, counted up to COUNTED. One statement."""
    row = _newer(_shape(actor, "open", wanted)).first({**viewer.values_of(actor), **_given(wanted), "than": than})
    return 0 if row is None else row[0]


@lru_cache(maxsize=128)
def _newer(shape: _Shape) -> Reading:
    found = select(WorkOrder.id).where(
        among(WorkOrder.state, VIEWS["open"]), WorkOrder.id > value("than", BigInteger), *_of_orders(shape)
    )
    return Reading(select(func.count()).select_from(found.limit(number(COUNTED)).subquery()))


def stamp() -> str:
    """A text that changes with every act on a ticket or order of the institution, and with what the ranking finds."""
    return _stamped(*_stamp().one({}))


def _stamped(last: int | None, stuck: int) -> str:
    return f"{last or 0}-{stuck}"


@cache
def _stamp() -> Reading:
    return Reading(select(*_changing()))


def _changing() -> tuple[Any, Any]:
    """The last event, and how many orders the ranking has found nobody for."""
    last = select(func.max(TicketEvent.id)).scalar_subquery()
    stuck = (
        select(func.count())
        .select_from(WorkOrder)
        .where(among(WorkOrder.state, VIEWS["queued"]), WorkOrder.waiting.is_not(None))
        .scalar_subquery()
    )
    return last.label("last"), stuck.label("stuck")
