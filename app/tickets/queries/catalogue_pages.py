"""The catalogue as those who edit it see it: every category with its place in the tree, every trade with its use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select

from app.accounts.models import Person
from app.core import paging
from app.core.db import db, is_over, valid_on
from app.core.errors import NotFound
from app.core.versions.series import SHOWN
from app.tickets.models import Category, CategoryVersion, TechnicianTrade, Trade

AT_MOST = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One category; `depth` from 0, `closed` where it can no longer be chosen."""

    row: Any
    depth: int
    closed: bool


def entries(today: date, *, closed: bool = False) -> list[Entry]:
    """The categories each after its heading, in the order reporters see them; closed ones where asked."""
    query = (
        select(
            Category.id,
            Category.parent_id,
            Category.code,
            Category.name,
            Category.icon,
            Category.position,
            Category.emergency,
            Category.emergency_phone,
            Category.auto_dispatch,
            Category.planned_minutes,
            Category.valid_from,
            Category.valid_to,
            Trade.name.label("trade"),
        )
        .outerjoin(Trade, and_(Trade.institution_id == Category.institution_id, Trade.id == Category.trade_id))
        .order_by(Category.position, Category.id)
        .limit(AT_MOST)
    )
    if not closed:
        query = query.where(Category.valid_to.is_(None))
    rows = db.session.execute(query).all()
    below: dict[int | None, list[Any]] = {}
    known = {row.id for row in rows}
    for row in rows:
        below.setdefault(row.parent_id if row.parent_id in known else None, []).append(row)
    return list(_walk(below, None, 0, today))


def _walk(below: dict[int | None, list[Any]], parent: int | None, depth: int, today: date) -> Any:
    for row in below.get(parent, ()):
        yield Entry(row, depth, is_over(row.valid_to, today))
        yield from _walk(below, row.id, depth + 1, today)


def trades(today: date) -> Sequence[Any]:
    """The trades with how many categories and technicians have them; closed ones last."""
    categories = (
        select(func.count())
        .where(
            Category.institution_id == Trade.institution_id, Category.trade_id == Trade.id, Category.valid_to.is_(None)
        )
        .correlate(Trade)
        .scalar_subquery()
    )
    people = (
        select(func.count())
        .where(
            TechnicianTrade.institution_id == Trade.institution_id,
            TechnicianTrade.trade_id == Trade.id,
            valid_on(TechnicianTrade, today),
        )
        .correlate(Trade)
        .scalar_subquery()
    )
    return db.session.execute(
        select(
            Trade.id,
            Trade.code,
            Trade.name,
            Trade.valid_to,
            categories.label("categories"),
            people.label("people"),
        )
        .order_by(Trade.valid_to.is_not(None), Trade.code, Trade.id)
        .limit(500)
    ).all()


def trades_page(*, closed: bool, cursor: str | None, limit: int) -> paging.Page[Trade]:
    """The trades by code; closed ones where asked."""
    query = select(Trade) if closed else select(Trade).where(Trade.valid_to.is_(None))
    keys: Any = [("code", Trade.code.asc()), ("id", Trade.id.asc())]
    return paging.page(query, keys, cursor, limit, scalars=True)


def categories_page(
    *, closed: bool, parent_id: int | None, cursor: str | None, limit: int
) -> paging.Page[tuple[Category, CategoryVersion | None, str | None]]:
    """Categories with the version in force and the code of the trade, in the order in which they were made."""
    query = _whole()
    if not closed:
        query = query.where(Category.valid_to.is_(None))
    if parent_id is not None:
        query = query.where(Category.parent_id == parent_id)
    return paging.page(query, [("id", Category.id.asc())], cursor, limit, mark=lambda row, name: getattr(row[0], name))


def whole(category_id: int) -> Any:
    """One category, closed ones included, with the version in force and the code of its trade. Raises NotFound."""
    found = db.session.execute(_whole().where(Category.id == category_id)).first()
    if found is None:
        raise NotFound
    return found


def _whole() -> Any:
    return (
        select(Category, CategoryVersion, Trade.code)
        .outerjoin(
            CategoryVersion,
            and_(
                CategoryVersion.institution_id == Category.institution_id,
                CategoryVersion.category_id == Category.id,
                CategoryVersion.number == Category.version,
            ),
        )
        .outerjoin(Trade, and_(Trade.institution_id == Category.institution_id, Trade.id == Category.trade_id))
    )


def category(category_id: int) -> Category | None:
    """One category, closed ones included."""
    return db.session.scalars(select(Category).where(Category.id == category_id)).first()


def askable(category_id: int) -> Category:
    """A category that can be reported, and so asks something. Raises NotFound."""
    found = category(category_id)
    if found is None or found.trade_id is None or found.valid_to is not None:
        raise NotFound
    return found


def versions(category_id: int, *, cursor: str | None = None, limit: int = SHOWN) -> paging.Page[Any]:
    """The versions of a category with who made them, the newest first."""
    query: Any = (
        select(
            CategoryVersion.number,
            CategoryVersion.made_at.label("published_at"),
            Person.name.label("published_by_name"),
        )
        .outerjoin(
            Person,
            and_(Person.institution_id == CategoryVersion.institution_id, Person.id == CategoryVersion.made_by),
        )
        .where(CategoryVersion.category_id == category_id)
    )
    return paging.page(query, [("number", CategoryVersion.number.desc())], cursor, limit)


def version(category_id: int, number: int) -> Any:
    """One version of a category and the code of its trade. Raises NotFound."""
    found = db.session.execute(
        select(CategoryVersion, Trade.code)
        .outerjoin(
            Trade, and_(Trade.institution_id == CategoryVersion.institution_id, Trade.id == CategoryVersion.trade_id)
        )
        .where(CategoryVersion.category_id == category_id, CategoryVersion.number == number)
    ).first()
    if found is None:
        raise NotFound
    return found


def trade(trade_id: int) -> Trade | None:
    """One trade, closed ones included."""
    return db.session.scalars(select(Trade).where(Trade.id == trade_id)).first()
