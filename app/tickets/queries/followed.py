"""The reduced ticket of somebody who follows it: state, promise, and what was said to followers; nothing else.

The same columns as `tickets.NAMES`, so that lists and API show both alike; what is not a follower's to see is empty.
The place is no finer than the floor, unless it is public or the follower's own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Text, and_, case, false, func, literal, null, or_, select
from sqlalchemy.orm import aliased

from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.prepared import Reading, among, value
from app.sites.models import Place
from app.tickets.models import Category, Ticket, TicketEvent, TicketFollower
from app.tickets.queries import due
from app.tickets.rules.audiences import Audience
from app.tickets.rules.history import Remark
from app.tickets.rules.ticket_table import TicketAct

EVENTS_AT_MOST = 200
FINE = ("room", "asset")

_parent, _building = aliased(Place), aliased(Place)


def coarse_place(home_place_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """The way to a ticket's place no finer than its floor; needs the joins of `with_places`."""
    open_to_all = or_(Place.public, ~among(Place.kind, FINE), Place.id == home_place_id)
    above = func.coalesce(case((~among(_parent.kind, FINE), _parent.path)), _building.path, null())
    return case((open_to_all, Place.path), else_=above)


def with_places(query: Any) -> Any:
    """The joins `coarse_place` reads."""
    return (
        query.outerjoin(Place, and_(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id))
        .outerjoin(_parent, and_(_parent.institution_id == Place.institution_id, _parent.id == Place.parent_id))
        .outerjoin(_building, and_(_building.institution_id == Place.institution_id, _building.id == Place.building_id))
    )


def coarse_path() -> ColumnElement[Any]:
    """The same as a value of its own for a statement over tickets that reads it of few rows; knows nobody's room."""
    return (
        select(coarse_place(literal(None, BigInteger())))
        .select_from(Place)
        .outerjoin(_parent, and_(_parent.institution_id == Place.institution_id, _parent.id == Place.parent_id))
        .outerjoin(_building, and_(_building.institution_id == Place.institution_id, _building.id == Place.building_id))
        .where(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id)
        .correlate(Ticket)
        .scalar_subquery()
    )


_FOLLOWER, _HOME = value("follower", BigInteger), value("home", BigInteger)
_MINE = and_(
    TicketFollower.institution_id == Ticket.institution_id,
    TicketFollower.ticket_id == Ticket.id,
    TicketFollower.person_id == _FOLLOWER,
    TicketFollower.ended_at.is_(None),
)
_KEYS = [("id", Ticket.id.desc())]


def _of(actor: Actor) -> dict[str, Any]:
    return {"follower": actor.id, "home": actor.home_place_id}


def _rows() -> Any:
    """The reduced tickets."""
    nothing = literal(None, Text())
    query = select(
        Ticket.id,
        Ticket.number,
        Ticket.status,
        nothing.label("priority"),
        nothing.label("urgency"),
        nothing.label("impact"),
        Ticket.promised_at,
        Category.code.label("category"),
        Category.name.label("category_name"),
        Category.icon,
        literal(None, BigInteger()).label("place_id"),
        coarse_place(_HOME).label("place"),
        literal("").label("description"),
        false().label("may_enter"),
        literal(None, BigInteger()).label("reporter_id"),
        nothing.label("reporter_name"),
        nothing.label("origin"),
        Ticket.cycle,
        literal(0).label("urged"),
        literal(None, DateTime(timezone=True)).label("urged_at"),
        Ticket.filed_at,
        Ticket.resolved_at,
        Ticket.closed_at,
        Ticket.version,
    ).join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
    return with_places(query)


def _with_zone() -> Any:
    """The same, and the zone the promise is told in."""
    return _rows().add_columns(due.zone(Ticket))


def page(
    actor: Actor, *, statuses: Collection[str] = (), cursor: str | None = None, limit: int = 50
) -> paging.Page[Any]:
    """The tickets the actor follows, newest first."""
    return _followed(tuple(sorted(statuses)), bool(cursor), limit).page(cursor, **_of(actor))


@lru_cache(maxsize=64)
def _followed(statuses: tuple[str, ...], after: bool, limit: int) -> paging.Listing:
    which = select(Ticket.id).join(TicketFollower, _MINE)
    if statuses:
        which = which.where(among(Ticket.status, statuses))
    return paging.Listing(
        which, _KEYS, lambda cut: _with_zone().join(cut, cut.c.id == Ticket.id), after=after, limit=limit
    )


_ONE = Reading(lambda: _with_zone().join(TicketFollower, _MINE).where(Ticket.id == value("ticket_id", BigInteger)))


def one(actor: Actor, ticket_id: int) -> Any:
    """One ticket the actor follows; raises NotFound for any other."""
    row = None if actor.id is None else _ONE.first({**_of(actor), "ticket_id": ticket_id})
    if row is None:
        raise NotFound
    return row


def events(ticket_id: int) -> Sequence[Any]:
    """What a follower reads of the history, oldest first: changes of status without words, messages to followers."""
    status = and_(TicketEvent.order_id.is_(None), TicketEvent.to_state.is_not(None), TicketEvent.kind.in_([*TicketAct]))
    said = and_(TicketEvent.kind == Remark.MESSAGE, TicketEvent.audience == Audience.EVERYONE.value)
    nothing = literal(None, Text())
    nobody = literal(None, BigInteger())
    return db.session.execute(
        select(
            TicketEvent.id,
            TicketEvent.at,
            TicketEvent.effective_at,
            literal("system").label("actor_kind"),
            nobody.label("actor_id"),
            nothing.label("actor_name"),
            TicketEvent.kind,
            nobody.label("order_id"),
            nothing.label("order_number"),
            TicketEvent.from_state,
            TicketEvent.to_state,
            nobody.label("person_id"),
            nothing.label("person_name"),
            nothing.label("reason"),
            case((said, TicketEvent.note)).label("note"),
            TicketEvent.audience,
            TicketEvent.cycle,
            literal(None, Text()).label("data"),
        )
        .where(TicketEvent.ticket_id == ticket_id, or_(status, said))
        .order_by(TicketEvent.id)
        .limit(EVENTS_AT_MOST)
    ).all()


def count(ticket_id: int) -> int:
    """How many follow a ticket."""
    return (
        db.session.scalar(
            select(func.count()).where(TicketFollower.ticket_id == ticket_id, TicketFollower.ended_at.is_(None))
        )
        or 0
    )
