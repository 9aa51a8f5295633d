"""Calls of the duty lead, as those who were called and those who dispatch there see them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.prepared import Count, among, number
from app.core.scoped import Reach, reached
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import Category, DutyCall, Ticket, Trade, WorkOrder

_Answered = aliased(Person)
WITHOUT_HOLDER = ("queued", "offered")
COUNTED: Final = 100
_THERE: Final = Reach("calls", policies.DISPATCH)

VERSION: Final = (DutyCall.times + func.num_nonnulls(DutyCall.ended_at)).label("version")
"""How often a call has changed, and once: each time somebody is called, and when it ends."""

_COLUMNS: tuple[Any, ...] = (
    DutyCall.id,
    DutyCall.order_id,
    WorkOrder.number.label("order_number"),
    WorkOrder.state,
    WorkOrder.priority,
    WorkOrder.due_at,
    DutyCall.ticket_id,
    Ticket.number.label("ticket_number"),
    Category.name.label("category_name"),
    Trade.name.label("trade_name"),
    func.coalesce(Place.path, Ticket.place_text).label("place"),
    Ticket.description,
    DutyCall.campus_id,
    DutyCall.building_id,
    DutyCall.cause,
    DutyCall.refusals,
    DutyCall.called,
    DutyCall.times,
    DutyCall.called_at,
    DutyCall.last_at,
    DutyCall.answered_by.label("answered_id"),
    _Answered.name.label("answered_name"),
    DutyCall.ended_at,
    DutyCall.ended_as,
    VERSION,
)
NAMES = tuple(column.key for column in _COLUMNS)
"""The columns of a row in their order, for `core.http.dumping`."""


def page(actor: Actor, *, open_only: bool, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """Calls the actor may see, newest first."""
    conditions = [_seen(actor), *(_waits() if open_only else ())]
    return paging.page(_select().where(*conditions), [("id", DutyCall.id.desc())], cursor, limit)


def one(actor: Actor, call_id: int) -> Any:
    """One call. Raises NotFound."""
    row = db.session.execute(_select().where(DutyCall.id == call_id, _seen(actor))).first()
    if row is None:
        raise NotFound
    return row


def of_order(order_id: int) -> Any:
    """The last call of an order, None where there was none; for a reader who has found the order."""
    query = _select().where(DutyCall.order_id == order_id).order_by(DutyCall.id.desc()).limit(1)
    return db.session.execute(query).first()


def _waits() -> tuple[ColumnElement[bool], ...]:
    return DutyCall.ended_at.is_(None), among(WorkOrder.state, WITHOUT_HOLDER)


@cache
def _counted() -> Select[Any]:
    there = _THERE.rows(DutyCall.campus_id, DutyCall.building_id)
    some = select(DutyCall.id).join(WorkOrder, _same(WorkOrder, DutyCall.order_id, DutyCall)).where(*_waits(), there)
    return select(func.count()).select_from(some.limit(number(COUNTED)).subquery())


WAITING = Count(_counted, _THERE.of)
"""How many nobody has answered where the actor dispatches: the number beside the navigation's entry."""


def _same(table: Any, key: Any, of: Any) -> ColumnElement[bool]:
    return and_(table.institution_id == of.institution_id, table.id == key)


def _select() -> Any:
    return (
        select(*_COLUMNS)
        .join(WorkOrder, _same(WorkOrder, DutyCall.order_id, DutyCall))
        .join(Ticket, _same(Ticket, DutyCall.ticket_id, DutyCall))
        .join(Category, _same(Category, Ticket.category_id, Ticket))
        .join(Trade, _same(Trade, WorkOrder.trade_id, WorkOrder))
        .outerjoin(Place, _same(Place, Ticket.place_id, Ticket))
        .outerjoin(_Answered, _same(_Answered, DutyCall.answered_by, DutyCall))
    )


def _seen(actor: Actor) -> ColumnElement[bool]:
    """Those the actor was called for, and those where he dispatches."""
    called = DutyCall.called.contains([actor.id]) if actor.id is not None else false()
    return or_(called, reached(actor, DutyCall.campus_id, DutyCall.building_id, policies.DISPATCH))
