"""The conditions of ticket lists, and the search over a whole institution.

A list's statement depends on which filters are on, not on their values: `Shape` names them, `which` builds the
statement with named parameters, `values` gives those. So each shape is built once per process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    any_,
    column,
    false,
    func,
    select,
    true,
    union,
)
from sqlalchemy.orm import aliased

from app.core.actor import Actor
from app.core.prepared import Reading, among, number, value
from app.core.prepared import values as values_of
from app.sites.models import Place
from app.tickets.models import Category, Offer, Ticket, Trade, WorkOrder
from app.tickets.queries import viewer
from app.tickets.queries.viewer import Sight
from app.tickets.rules.grams import grams, terms
from app.tickets.rules.numbers import parse_number

PLACES_AT_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What a list of tickets is narrowed to. `place` (id) and `category` (code or id): with everything below them.

    `trade`: a code; a ticket is of the trade its category is repaired by.
    """

    statuses: tuple[str, ...] = ()
    place: int | None = None
    category: str | int | None = None
    q: str | None = None
    mine: bool = False
    priorities: tuple[str, ...] = ()
    trade: str | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """Which conditions a list has: its codes, which stand in the text, columns with one id, and with a list of them.

    `search`: none, "number", "plain" over own rows, or the "function" `ticket_search` of the first migration.
    """

    sight: Sight
    limit: int
    mine: bool = False
    codes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    columns: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    search: str | None = None
    words: int = 0
    after: bool = False


@dataclass(slots=True)
class Asked:
    """A filter with its place and category looked up."""

    wanted: TicketFilter
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    places: list[int] | None = None
    words: list[str] = field(default_factory=list)
    number: str | None = None


_CODES = {"statuses": Ticket.status, "priorities": Ticket.priority}
_COLUMNS = {
    "categories": Ticket.category_id,
    "of_campus": Ticket.campus_id,
    "of_building": Ticket.building_id,
    "of_places": Ticket.place_id,
}


def ask(wanted: TicketFilter) -> Asked:
    """Look up what the filter names; at most two statements."""
    asked = Asked(wanted)
    if wanted.statuses:
        asked.codes["statuses"] = tuple(sorted(set(wanted.statuses)))
    if wanted.priorities:
        asked.codes["priorities"] = tuple(sorted(set(wanted.priorities)))
    if wanted.category is not None or wanted.trade is not None:
        asked.columns["categories"] = _categories(wanted)
    if wanted.place is not None:
        place = _KIND.first({"place": wanted.place})
        name = {"campus": "of_campus", "building": "of_building"}.get(place.kind if place else "", "of_places")
        asked.places = [wanted.place] if name != "of_places" else _places_below(wanted.place)
        asked.columns[name] = asked.places
    if wanted.q:
        said = parse_number(wanted.q)
        asked.number = str(said) if said else None
        asked.words = terms(wanted.q)
    return asked


def shape_of(asked: Asked, actor: Actor, *, after: bool, limit: int) -> Shape:
    """The shape of the list for a viewer."""
    sight, mine = viewer.sight_of(actor), asked.wanted.mine
    search = None
    if asked.number:
        search = "number"
    elif asked.words:
        in_scope = sight.everything or sight.campuses or sight.buildings
        search = "function" if in_scope and not mine else "plain"
    single = {name for name, ids in asked.columns.items() if len(ids) == 1}
    return Shape(
        sight=sight,
        limit=limit,
        mine=mine,
        codes=tuple(sorted(asked.codes.items())),
        columns=frozenset(single),
        lists=frozenset(asked.columns.keys() - single),
        search=search,
        words=len(asked.words) if search in ("plain", "function") else 0,
        after=after,
    )


def which(shape: Shape) -> Select[int]:
    """The ids of a shape's tickets, with named parameters.

    Where there are several ways to them, the ids of the ways alone are ordered and cut: `id IN (…)` may be answered by
    a walk along the whole table, and `id IN (…) OR …` always is.
    """
    if shape.search == "function":
        ways = [_FOUND, *_newest_own(shape)]
    elif shape.mine or not shape.sight.everything:
        ways = [*_newest_own(shape), *_newest_scoped(shape)]
    else:
        return select(Ticket.id).where(*_narrowed(shape, Ticket), *_worded(shape, Ticket))
    return select(union(*ways).subquery("found").c.id) if ways else select(Ticket.id).where(false())


def _narrowed(shape: Shape, ticket: Any) -> list[ColumnElement[bool]]:
    """The filters that compare a column, on the table or an alias of it."""
    found = [among(getattr(ticket, _CODES[name].key), codes) for name, codes in shape.codes]
    for name, each in _COLUMNS.items():
        own = getattr(ticket, each.key)
        if name in shape.columns:
            found.append(own == value(name, BigInteger))
        elif name in shape.lists:
            found.append(own == any_(values_of(name, BigInteger)))
    if shape.search == "number":
        found.append(ticket.number == value("number", Text))
    return found


def _worded(shape: Shape, ticket: Any) -> list[ColumnElement[bool]]:
    """Every word of the search occurs."""
    return [ticket.search.like(value(f"word_{place}", Text), escape="\\") for place in range(shape.words)]


def _newest_scoped(shape: Shape) -> list[Any]:
    """Ids of the newest tickets of each of the viewer's campuses and buildings, a page of each."""
    if shape.mine:
        return []
    ways: list[Any] = []
    for name, wanted in (("campuses", shape.sight.campuses), ("buildings", shape.sight.buildings)):
        if wanted:
            ticket = aliased(Ticket)
            scope = func.unnest(viewer.NAMED[name]).table_valued(column("id", BigInteger)).render_derived()
            place = ticket.campus_id if name == "campuses" else ticket.building_id
            way = _walk(shape, ticket, select(ticket.id).where(place == scope.c.id), ticket.id).lateral()
            ways.append(select(way.c.id).select_from(scope).join(way, true()))
    return ways


def _newest_own(shape: Shape) -> list[Any]:
    """Ids of the newest tickets somebody sees whatever he reads, a page of each way in which he has to do with them.

    Each way is one walk along an index that ends at the page's limit, so a technician of ten years reads no more than
    one of his first day. The outer list orders and limits them together.
    """
    person = viewer.NAMED["viewer"]
    ways: list[Any] = []
    if shape.mine or shape.sight.owns:
        reported = aliased(Ticket)
        own = select(reported.id).where(reported.reporter_id == person)
        if not shape.sight.everything and _looks_closely(shape):
            own = own.where(reported.taken_over_at.is_(None))  # N8: found by nothing that is not shown of it
        ways.append(_walk(shape, reported, own, reported.id))
    if shape.sight.works and not shape.mine:
        ways.append(_way(shape, Offer.ticket_id, Offer.person_id == person))
        ways.append(_way(shape, WorkOrder.ticket_id, WorkOrder.assignee_id == person))
    return [_ids(way) for way in ways]


def _looks_closely(shape: Shape) -> bool:
    """Whether words are searched for, or a place finer than a building."""
    return shape.words > 0 or "of_places" in shape.columns | shape.lists


def _way(shape: Shape, ticket_id: Any, mine: ColumnElement[bool]) -> Any:
    query = select(ticket_id).distinct().where(mine)
    ticket = aliased(Ticket)
    if _narrowed(shape, ticket) or shape.words:  # else the ids alone say it, and no ticket is looked at for them
        query = query.join(
            ticket, and_(ticket.institution_id == ticket_id.class_.institution_id, ticket.id == ticket_id)
        )
    return _walk(shape, ticket, query, ticket_id)


def _ids(way: Any) -> Any:
    cut = way.subquery()
    return select(cut.c[0].label("id"))


def _walk(shape: Shape, ticket: Any, query: Any, key: Any) -> Any:
    query = query.where(*_narrowed(shape, ticket), *_worded(shape, ticket))
    if shape.after:
        query = query.where(key < value("after_id", BigInteger))
    return query.order_by(key.desc()).limit(number(shape.limit + 1))


def values(asked: Asked, shape: Shape, actor: Actor, *, before: int | None) -> dict[str, Any]:
    """The values of the named parameters; `before` is the cursor's ticket id, which the search applies itself."""
    given: dict[str, Any] = {**viewer.values_of(actor), **asked.columns}
    given |= {name: asked.columns[name][0] for name in shape.columns}
    given |= {f"word_{place}": pattern(word) for place, word in enumerate(asked.words)}
    if shape.search == "number":
        given["number"] = asked.number
    elif shape.search == "function":
        given |= {
            "patterns": [pattern(word) for word in asked.words],
            "wanted_grams": sorted({gram for word in asked.words for gram in grams(word)}),
            "in_campuses": None if shape.sight.everything else given["campuses"],
            "in_buildings": None if shape.sight.everything else given["buildings"],
            "in_statuses": _listed(asked.codes.get("statuses")),
            "in_priorities": _listed(asked.codes.get("priorities")),
            "in_places": asked.places,
            "in_categories": asked.columns.get("categories"),
            "before": before,
            "how_many": shape.limit + 1,
        }
    return given


def _listed(codes: tuple[str, ...] | None) -> list[str] | None:
    return None if codes is None else list(codes)


def pattern(word: str) -> str:
    """A LIKE pattern that finds the word anywhere."""
    return "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


_FOUND = select(
    func.ticket_search(
        values_of("patterns", Text),
        values_of("wanted_grams", Text),
        values_of("in_campuses", BigInteger),
        values_of("in_buildings", BigInteger),
        values_of("in_statuses", Text),
        values_of("in_priorities", Text),
        values_of("in_places", BigInteger),
        values_of("in_categories", BigInteger),
        value("before", BigInteger),
        value("how_many", Integer),
    )
    .table_valued(column("id", BigInteger))
    .c.id
)


def _categories(wanted: TicketFilter) -> list[int]:
    """The categories meant by category and trade together."""
    below = None if wanted.category is None else _categories_below(wanted.category)
    if wanted.trade is None:
        return below or []
    found = [row.id for row in _OF_TRADE.rows({"trade": wanted.trade})]
    return [each for each in found if below is None or each in below]


def _categories_below(category: str | int) -> list[int]:
    """The category of a code or id with all below it; of every time, since old tickets keep theirs."""
    named = _BELOW_ID if isinstance(category, int) else _BELOW_CODE
    return [row.id for row in named.rows({"category": category})]


def _places_below(place_id: int) -> list[int]:
    return [row.id for row in _PLACES_BELOW.rows({"place": place_id})]


def _below(of: Any, named: ColumnElement[bool]) -> Any:
    """The ids of what is named with all below it."""
    base = select(of.id).where(named).cte("below", recursive=True)
    child = aliased(of)
    tree = base.union(select(child.id).join(base, child.parent_id == base.c.id))
    return select(tree.c.id)


# What a filter names is looked up for each page of a list.
_KIND = Reading(lambda: select(Place.kind).where(Place.id == value("place", BigInteger)))
_PLACES_BELOW = Reading(lambda: _below(Place, Place.id == value("place", BigInteger)).limit(number(PLACES_AT_MOST)))
_BELOW_ID = Reading(lambda: _below(Category, Category.id == value("category", BigInteger)))
_BELOW_CODE = Reading(lambda: _below(Category, Category.code == value("category", Text)))
_OF_TRADE = Reading(
    lambda: (
        select(Category.id)
        .join(Trade, and_(Trade.institution_id == Category.institution_id, Trade.id == Category.trade_id))
        .where(Trade.code == value("trade", Text))
    )
)
