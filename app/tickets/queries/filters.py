"""The conditions of ticket lists, and the search over a whole institution.

A list's statement depends on which filters are on, not on their values: `Shape` says which, `conditions` builds the
condition with named parameters, `values` gives those. So each shape is built once per process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Integer, Text, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from app.core.actor import Actor
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import Category, Ticket, Trade
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
    """Which conditions a list has.

    `search`: none, "number", "plain" over own rows, or the "function" of `models.search`.
    """

    sight: Sight
    mine: bool = False
    columns: frozenset[str] = frozenset()
    search: str | None = None
    words: int = 0
    after: bool = False


@dataclass(slots=True)
class Asked:
    """A filter with its place and category looked up."""

    wanted: TicketFilter
    columns: dict[str, list[Any]] = field(default_factory=dict)
    places: list[int] | None = None
    words: list[str] = field(default_factory=list)
    number: str | None = None


_COLUMNS = {
    "statuses": Ticket.status,
    "priorities": Ticket.priority,
    "categories": Ticket.category_id,
    "of_campus": Ticket.campus_id,
    "of_building": Ticket.building_id,
    "of_places": Ticket.place_id,
}


def ask(wanted: TicketFilter) -> Asked:
    """Look up what the filter names; at most two statements."""
    asked = Asked(wanted)
    if wanted.statuses:
        asked.columns["statuses"] = list(wanted.statuses)
    if wanted.priorities:
        asked.columns["priorities"] = list(wanted.priorities)
    if wanted.category is not None or wanted.trade is not None:
        asked.columns["categories"] = _categories(wanted)
    if wanted.place is not None:
        kind = db.session.scalar(select(Place.kind).where(Place.id == wanted.place))
        name = {"campus": "of_campus", "building": "of_building"}.get(kind or "", "of_places")
        asked.places = [wanted.place] if name != "of_places" else _places_below(wanted.place)
        asked.columns[name] = asked.places
    if wanted.q:
        number = parse_number(wanted.q)
        asked.number = str(number) if number else None
        asked.words = terms(wanted.q)
    return asked


def shape_of(asked: Asked, actor: Actor, *, after: bool) -> Shape:
    """The shape of the list for a viewer."""
    sight, mine = viewer.sight_of(actor), asked.wanted.mine
    search = None
    if asked.number:
        search = "number"
    elif asked.words:
        in_scope = sight.everything or sight.campuses or sight.buildings
        search = "function" if in_scope and not mine else "plain"
    return Shape(
        sight=sight,
        mine=mine,
        columns=frozenset(asked.columns),
        search=search,
        words=len(asked.words) if search in ("plain", "function") else 0,
        after=after,
    )


def conditions(shape: Shape) -> list[ColumnElement[bool]]:
    """The conditions of a shape, with named parameters."""
    found: list[ColumnElement[bool]] = [
        column.in_(bindparam(name, type_=column.type, expanding=True, required=True))
        for name, column in _COLUMNS.items()
        if name in shape.columns
    ]
    if shape.mine:
        found.append(viewer.reported_by(viewer.NAMED["viewer"]))
    elif shape.search != "function":
        found.append(viewer.tickets_of(shape.sight))
    words = [
        Ticket.search.like(bindparam(f"word_{place}", type_=Text(), required=True), escape="\\")
        for place in range(shape.words)
    ]
    if shape.search == "number":
        found.append(Ticket.number == bindparam("number", type_=Text(), required=True))
    elif shape.search == "plain":
        found += words
    elif shape.search == "function":
        found.append(or_(Ticket.id.in_(_FOUND), and_(viewer.own_tickets_of(shape.sight), *words)))
    return found


def values(asked: Asked, shape: Shape, actor: Actor, *, before: int | None, limit: int) -> dict[str, Any]:
    """The values of the named parameters; `before` is the cursor's ticket id, which the search applies itself."""
    given: dict[str, Any] = {**viewer.values_of(actor), **asked.columns}
    given |= {f"word_{place}": pattern(word) for place, word in enumerate(asked.words)}
    if shape.search == "number":
        given["number"] = asked.number
    elif shape.search == "function":
        given |= {
            "patterns": [pattern(word) for word in asked.words],
            "wanted_grams": sorted({gram for word in asked.words for gram in grams(word)}),
            "in_campuses": None if shape.sight.everything else given["campuses"],
            "in_buildings": None if shape.sight.everything else given["buildings"],
            "in_statuses": asked.columns.get("statuses"),
            "in_priorities": asked.columns.get("priorities"),
            "in_places": asked.places,
            "in_categories": asked.columns.get("categories"),
            "before": before,
            "how_many": limit + 1,
        }
    return given


def pattern(word: str) -> str:
    """A LIKE pattern that finds the word anywhere."""
    return "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def _array(name: str, kind: Any) -> Any:
    return bindparam(name, type_=ARRAY(kind), required=True)


_FOUND = select(
    func.ticket_search(
        _array("patterns", Text),
        _array("wanted_grams", Text),
        _array("in_campuses", BigInteger),
        _array("in_buildings", BigInteger),
        _array("in_statuses", Text),
        _array("in_priorities", Text),
        _array("in_places", BigInteger),
        _array("in_categories", BigInteger),
        bindparam("before", type_=BigInteger, required=True),
        bindparam("how_many", type_=Integer, required=True),
    )
    .table_valued("id")
    .c.id
)


def _categories(wanted: TicketFilter) -> list[int]:
    """The categories meant by category and trade together."""
    below = None if wanted.category is None else _categories_below(wanted.category)
    if wanted.trade is None:
        return below or []
    of_trade = select(Category.id).join(
        Trade, and_(Trade.institution_id == Category.institution_id, Trade.id == Category.trade_id)
    )
    found = db.session.scalars(of_trade.where(Trade.code == wanted.trade))
    return [each for each in found if below is None or each in below]


def _categories_below(category: str | int) -> list[int]:
    """The category of a code or id with all below it; of every time, since old tickets keep theirs."""
    named = Category.id == category if isinstance(category, int) else Category.code == category
    base = select(Category.id).where(named).cte("below", recursive=True)
    child = aliased(Category)
    tree = base.union_all(select(child.id).join(base, child.parent_id == base.c.id))
    return list(db.session.scalars(select(tree.c.id)))


def _places_below(place_id: int) -> list[int]:
    base = select(Place.id).where(Place.id == place_id).cte("below", recursive=True)
    child = aliased(Place)
    tree = base.union_all(select(child.id).join(base, child.parent_id == base.c.id))
    return list(db.session.scalars(select(tree.c.id).limit(PLACES_AT_MOST)))
