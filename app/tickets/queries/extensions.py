"""Requests for more time: what is open in a reader's scope, and those of one ticket (tickets-rules 23)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.accounts.queries import names
from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.core.prepared import Count, number, value
from app.core.scoped import Reach, reached
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import Category, Extension, Ticket, WorkOrder
from app.tickets.queries import crews, due

COUNTED: Final = 100
OF_TICKET: Final = 50
NAMED: Final = 3
SEEN_BY: Final = (policies.EXTEND, policies.TRIAGE, policies.DISPATCH)

_THERE: Final = Reach("extends", policies.EXTEND)

_Asker, _Decider = aliased(Person), aliased(Person)
_COLUMNS: tuple[Any, ...] = (
    Extension.id,
    Extension.ticket_id,
    Extension.cycle,
    Extension.until,
    Extension.reason,
    Extension.asked_by,
    _Asker.name.label("asked_by_name"),
    Extension.asked_at,
    Extension.approved,
    _Decider.name.label("decided_by_name"),
    Extension.decided_at,
    Extension.note,
)


def _rows() -> Any:
    def named(person: Any, key: Any) -> ColumnElement[bool]:
        return and_(person.institution_id == Extension.institution_id, person.id == key)

    return (
        select(*_COLUMNS)
        .join(_Asker, named(_Asker, Extension.asked_by))
        .outerjoin(_Decider, named(_Decider, Extension.decided_by))
    )


def page(actor: Actor, *, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> paging.Page[Any]:
    """What waits for a decision in the actor's scopes, the longest waiting first. One statement."""
    query = (
        _rows()
        .add_columns(
            Extension.decided_by,
            Ticket.number,
            Ticket.promised_at,
            Ticket.priority,
            Ticket.campus_id,
            Ticket.building_id,
            Category.name.label("category_name"),
            func.coalesce(Place.path, Ticket.place_text).label("place"),
            due.zone(Ticket),
        )
        .join(Ticket, and_(Ticket.institution_id == Extension.institution_id, Ticket.id == Extension.ticket_id))
        .join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
        .outerjoin(Place, and_(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id))
        .where(Extension.decided_at.is_(None), reached(actor, Ticket.campus_id, Ticket.building_id, *SEEN_BY))
    )
    return paging.page(query, [("id", Extension.id.asc())], cursor, limit)


def of_ticket(ticket_id: int) -> Sequence[Any]:
    """All requests of a ticket, newest first; the caller has found the ticket for its reader."""
    query = _rows().where(Extension.ticket_id == ticket_id).order_by(Extension.id.desc()).limit(OF_TICKET)
    return db.session.execute(query).all()


def deciders(ticket_id: int, asker_id: int, now: datetime) -> list[str]:
    """The names of those who decide on more time for a ticket the caller has found for its reader, some at most."""
    trade = (
        select(WorkOrder.trade_id)
        .where(WorkOrder.institution_id == Ticket.institution_id, WorkOrder.ticket_id == Ticket.id)
        .order_by(WorkOrder.id)
        .limit(1)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(Ticket.campus_id, Ticket.building_id, trade.label("trade_id")).where(Ticket.id == ticket_id)
    ).one()
    people = crews.deciding(
        campus_id=row.campus_id, building_id=row.building_id, trade_id=row.trade_id, but=asker_id, now=now
    )
    may = crews.extending(campus_id=row.campus_id, building_id=row.building_id, now=now)
    shown = [each for each in people if each in may][:NAMED]
    named = names(shown)
    return [named[each] for each in shown]


@cache
def _counted() -> Select[Any]:
    there = _THERE.rows(Ticket.campus_id, Ticket.building_id)
    some = (
        select(Extension.id)
        .join(Ticket, and_(Ticket.institution_id == Extension.institution_id, Ticket.id == Extension.ticket_id))
        .where(Extension.decided_at.is_(None), Extension.asked_by != value("extends_asker", BigInteger), there)
        .limit(number(COUNTED))
    )
    return select(func.count()).select_from(some.subquery())


def _counted_for(actor: Actor) -> dict[str, Any]:
    return {**_THERE.of(actor), "extends_asker": actor.id or 0}


WAITING = Count(_counted, _counted_for)
"""How many the actor may decide on: the number beside the navigation's entry."""
