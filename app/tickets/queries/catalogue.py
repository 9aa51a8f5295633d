"""Trades and the tree of categories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Date, Text, and_, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.core.db import db, valid_on
from app.core.prepared import Reading, number, value
from app.tickets.models import Category, CategoryVersion, Trade
from app.tickets.rules.questions import Question, read_all


@dataclass(slots=True)
class Branch:
    """One category with those below it. `trade` is None for a heading."""

    id: int
    code: str
    name: dict[str, str]
    icon: str
    trade: str | None
    emergency: bool
    emergency_phone: str | None
    hints: dict[str, str] | None
    auto_dispatch: bool
    planned_minutes: int
    price_class: str | None
    asked: list[Any] | None
    children: list[Branch] = field(default_factory=list)

    @property
    def can_be_filed(self) -> bool:
        return self.trade is not None

    @property
    def questions(self) -> tuple[Question, ...]:
        """What it asks of its reporter now."""
        return read_all(self.asked)


def tree(today: date) -> list[Branch]:
    """The categories valid on a day, as a tree in the order in which they are shown."""
    rows = _categories().rows({"day": today})
    branches = {row.id: Branch(row.id, *row[2:]) for row in rows}
    roots: list[Branch] = []
    for row in rows:
        parent = branches.get(row.parent_id) if row.parent_id is not None else None
        (parent.children if parent else roots).append(branches[row.id])
    return roots


@cache
def _categories() -> Reading:
    return Reading(
        select(
            Category.id,
            Category.parent_id,
            Category.code,
            Category.name,
            Category.icon,
            Trade.code.label("trade"),
            Category.emergency,
            Category.emergency_phone,
            Category.hints,
            Category.auto_dispatch,
            Category.planned_minutes,
            CategoryVersion.price_class,
            CategoryVersion.questions.label("asked"),
        )
        .outerjoin(Trade, and_(Trade.institution_id == Category.institution_id, Trade.id == Category.trade_id))
        .outerjoin(
            CategoryVersion,
            and_(
                CategoryVersion.institution_id == Category.institution_id,
                CategoryVersion.category_id == Category.id,
                CategoryVersion.number == Category.version,
            ),
        )
        .where(valid_on(Category, value("day", Date)))
        .order_by(Category.emergency.desc(), Category.position, Category.id)
        .limit(number(2000))
    )


def trades(today: date) -> Sequence[Any]:
    """The trades valid on a day."""
    return _trades().rows({"day": today})


@cache
def _trades() -> Reading:
    valid = valid_on(Trade, value("day", Date))
    return Reading(select(Trade.id, Trade.code, Trade.name).where(valid).order_by(Trade.code).limit(number(500)))


def offered(today: date) -> str:
    """By what requests can be narrowed, as JSON: the categories in their order, and the trades by code.

    A category is [id, parent_id, code, words], a trade [code, words].
    One statement and one text, by which can be kept what is made of it: it changes with any of them.
    """
    found: str = _offered().one({"day": today})[0]
    return found


@cache
def _offered() -> Reading:
    def listed(table: Any, *columns: Any, order: Sequence[Any]) -> Any:
        line = aggregate_order_by(func.json_build_array(*columns), *order)
        valid = valid_on(table, value("day", Date))
        return select(func.coalesce(func.json_agg(line), literal_column("'[]'::json"))).where(valid).scalar_subquery()

    categories = listed(
        Category,
        Category.id,
        Category.parent_id,
        Category.code,
        Category.name,
        order=(Category.emergency.desc(), Category.position, Category.id),
    )
    trades = listed(Trade, Trade.code, Trade.name, order=(Trade.code,))
    return Reading(select(cast(func.json_build_array(categories, trades), Text)))


def names(codes: Collection[str]) -> dict[str, dict[str, str]]:
    """What categories are called, or were when they ended."""
    rows = db.session.execute(
        select(Category.code, Category.name).where(Category.code.in_(codes)).order_by(Category.id)
    )
    return {row.code: row.name for row in rows}


def by_code(code: str) -> Category | None:
    """The valid category of a code, to be edited."""
    return db.session.scalars(select(Category).where(Category.code == code, Category.valid_to.is_(None))).first()
