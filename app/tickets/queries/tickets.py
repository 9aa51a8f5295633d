"""Lists of tickets and one ticket, as plain rows. One scoped statement per list, and at most two for its filters."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, func, select

from app.accounts.models import Person
from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.sites.models import Place
from app.tickets.models import Category, Rating, Ticket, WorkOrder
from app.tickets.queries import viewer
from app.tickets.queries.filters import TicketFilter, conditions
from app.tickets.rules.workflow import TICKET_OPEN

_COLUMNS = (
    Ticket.id,
    Ticket.number,
    Ticket.status,
    Ticket.priority,
    Ticket.urgency,
    Ticket.impact,
    Ticket.promised_at,
    Category.code.label("category"),
    Category.name.label("category_name"),
    Category.icon,
    Ticket.place_id,
    func.coalesce(Place.path, Ticket.place_text).label("place"),
    Ticket.description,
    Ticket.may_enter,
    Ticket.reporter_id,
    Person.name.label("reporter_name"),
    Ticket.origin,
    Ticket.cycle,
    Ticket.filed_at,
    Ticket.resolved_at,
    Ticket.closed_at,
    Ticket.version,
)
NAMES = tuple(column.key for column in _COLUMNS)
"""The columns of a row in their order, for `core.http.dumping`."""


def ticket_rows() -> Any:
    """The columns of a ticket as lists and pages show it."""
    return (
        select(*_COLUMNS)
        .join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
        .outerjoin(Place, and_(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id))
        .outerjoin(Person, and_(Person.institution_id == Ticket.institution_id, Person.id == Ticket.reporter_id))
    )


def page(actor: Actor, wanted: TicketFilter, *, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """A page of tickets the actor sees, newest first."""
    before = paging.decode(cursor, 1)[0] if cursor else None
    before = before if isinstance(before, int) and not isinstance(before, bool) else None
    query = ticket_rows().where(*conditions(wanted, actor, before=before, limit=limit))
    return paging.page(query, [("id", Ticket.id.desc())], cursor, limit)


def one(actor: Actor, ticket_id: int) -> Any:
    """One ticket with what its page needs besides; raises NotFound for one the actor may not see."""
    query = (
        ticket_rows()
        .add_columns(
            Ticket.place_text,
            Ticket.campus_id,
            Ticket.building_id,
            Ticket.category_id,
            Ticket.contact_name,
            Ticket.contact_phone,
            Ticket.on_behalf_by,
            Ticket.asked_at,
            Ticket.rejected_at,
            Ticket.state_before,
            Ticket.reminders,
            Category.emergency,
            Category.emergency_phone,
        )
        .where(Ticket.id == ticket_id, viewer.tickets_seen(actor))
    )
    row = db.session.execute(query).first()
    if row is None:
        raise NotFound
    return row


def ratings(ticket_id: int) -> list[Any]:
    """The ratings of a ticket, by cycle."""
    return list(
        db.session.execute(
            select(
                Rating.cycle,
                Rating.person_id,
                Rating.quality,
                Rating.speed,
                Rating.manner,
                Rating.comment,
                Rating.at,
            )
            .where(Rating.ticket_id == ticket_id)
            .order_by(Rating.cycle, Rating.id)
        )
    )


def open_counts(actor: Actor) -> dict[str, int]:
    """How many tickets the actor sees in each open status; for tabs and the home page."""
    rows = db.session.execute(
        select(Ticket.status, func.count())
        .where(Ticket.status.in_(sorted(TICKET_OPEN)), viewer.tickets_seen(actor))
        .group_by(Ticket.status)
    )
    return {row[0]: row[1] for row in rows}


def waits_for_a_person(actor: Actor, *, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """N3: accepted or in service without an open order, and what waits for a dispatcher's first look, oldest first."""
    open_order = (
        select(WorkOrder.id)
        .where(
            WorkOrder.institution_id == Ticket.institution_id,
            WorkOrder.ticket_id == Ticket.id,
            WorkOrder.state.not_in(("done", "verified", "closed", "cancelled")),
        )
        .exists()
    )
    stranded = and_(Ticket.status.in_(("accepted", "in_service")), ~open_order)
    query = ticket_rows().where(viewer.tickets_seen(actor), (Ticket.status == "submitted") | stranded)
    return paging.page(query, [("id", Ticket.id.asc())], cursor, limit)


__all__ = ["TicketFilter", "one", "open_counts", "page", "ratings", "ticket_rows", "waits_for_a_person"]
