"""The conditions of ticket lists, and the search over a whole institution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Text, and_, bindparam, func, or_, select, true
from sqlalchemy.orm import aliased

from app.core.actor import Actor
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import Category, Ticket, Trade
from app.tickets.queries import viewer
from app.tickets.rules.grams import grams, terms
from app.tickets.rules.numbers import parse_number

SEARCHED_AT_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """What a list of tickets is narrowed to. `place` (id) and `category` (code or id): with everything below them."""

    statuses: tuple[str, ...] = ()
    place: int | None = None
    category: str | int | None = None
    q: str | None = None
    mine: bool = False
    priorities: tuple[str, ...] = ()
    trade: str | None = None


@dataclass(frozen=True, slots=True)
class _Narrowed:
    """A filter with its place and category looked up."""

    campuses: list[int] = field(default_factory=list)
    buildings: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    categories: list[int] | None = None


def conditions(wanted: TicketFilter, actor: Actor, *, before: int | None, limit: int) -> list[ColumnElement[bool]]:
    """The conditions of a list for a viewer; `before` is the cursor's ticket id, needed by the search.

    At most three look-ups (place, category, trade), so the number of statements is constant.
    """
    narrowed = _narrow(wanted)
    found = _plain(wanted, narrowed)
    mine = wanted.mine and actor.id is not None
    if wanted.mine:
        found.append(viewer.reported_by(actor.id or 0))
    if not wanted.q:
        return [*found, true() if mine else viewer.tickets_seen(actor)]
    number = parse_number(wanted.q)
    if number is not None:
        return [*found, viewer.tickets_seen(actor), Ticket.number == str(number)]
    if mine or not viewer.reads_scopes(actor):
        return [*found, viewer.tickets_seen(actor), *_contains(wanted.q)]
    own = viewer.own_tickets(actor)
    in_scope = Ticket.id.in_(_search(wanted, narrowed, actor, before, limit))
    return [*found, or_(in_scope, and_(own, *_contains(wanted.q)))]


def _narrow(wanted: TicketFilter) -> _Narrowed:
    narrowed = _Narrowed(categories=_categories(wanted))
    if wanted.place is not None:
        kind = db.session.scalar(select(Place.kind).where(Place.id == wanted.place))
        if kind == "campus":
            narrowed.campuses.append(wanted.place)
        elif kind == "building":
            narrowed.buildings.append(wanted.place)
        else:
            narrowed.places.extend(_places_below(wanted.place))
    return narrowed


def _categories(wanted: TicketFilter) -> list[int] | None:
    """The categories meant; None: all. A ticket is of the trade its category is repaired by."""
    below = None if wanted.category is None else _categories_below(wanted.category)
    if wanted.trade is None:
        return below
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
    return list(db.session.scalars(select(tree.c.id).limit(SEARCHED_AT_MOST)))


def _plain(wanted: TicketFilter, narrowed: _Narrowed) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.statuses:
        found.append(Ticket.status.in_(wanted.statuses))
    if wanted.priorities:
        found.append(Ticket.priority.in_(wanted.priorities))
    if narrowed.categories is not None:
        found.append(Ticket.category_id.in_(narrowed.categories))
    for column, ids in (
        (Ticket.campus_id, narrowed.campuses),
        (Ticket.building_id, narrowed.buildings),
        (Ticket.place_id, narrowed.places),
    ):
        if ids:
            found.append(column.in_(ids))
    return found


def _contains(typed: str) -> list[ColumnElement[bool]]:
    """Every word of the search occurs; a plain filter over a viewer's own rows."""
    return [Ticket.search.contains(term, autoescape=True) for term in terms(typed)]


def _search(
    wanted: TicketFilter, narrowed: _Narrowed, actor: Actor, before: int | None, limit: int
) -> Any:
    """Ids found by `ticket_search` (see `models.search`), which applies every condition before its limit."""
    words = terms(wanted.q or "")
    campuses, buildings = (None, None) if viewer.sees_all(actor) else viewer.scope_ids(actor)
    places = [*narrowed.campuses, *narrowed.buildings, *narrowed.places]
    found = func.ticket_search(
        _array([_escaped(word) for word in words], Text),
        _array(sorted({gram for word in words for gram in grams(word)}), Text),
        _array(campuses, BigInteger),
        _array(buildings, BigInteger),
        _array(wanted.statuses or None, Text),
        _array(wanted.priorities or None, Text),
        _array(places or None, BigInteger),
        _array(narrowed.categories, BigInteger),
        bindparam(None, before, type_=BigInteger),
        limit + 1,
    ).table_valued("id")
    return select(found.c.id)


def _array(values: Sequence[Any] | None, kind: Any) -> Any:
    return bindparam(None, None if values is None else list(values), type_=ARRAY(kind))


def _escaped(word: str) -> str:
    return "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
