"""What the sentences of notices need: one statement reads it; who is told, and which page it leads to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, and_, func, literal, select

from app.core.db import db
from app.sites.models import Place
from app.tickets.models import Category, Ticket, TicketFollower, WorkOrder
from app.tickets.queries import due, followed, leavers


def facts_of(ticket_id: int, order_id: int | None = None) -> Any:
    """Number, category and place of a ticket, its reporter and followers, and the number of one of its orders."""
    followers = (
        select(func.array_agg(TicketFollower.person_id))
        .where(
            TicketFollower.institution_id == Ticket.institution_id,
            TicketFollower.ticket_id == Ticket.id,
            TicketFollower.ended_at.is_(None),
        )
        .scalar_subquery()
    )
    order = (
        select(WorkOrder.number)
        .where(WorkOrder.institution_id == Ticket.institution_id, WorkOrder.id == order_id)
        .scalar_subquery()
    )
    categories = and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id)
    query = followed.with_places(
        select(
            Ticket.id,
            Ticket.number,
            Ticket.reporter_id,
            Ticket.left_at,
            Ticket.taken_over_at,
            Ticket.campus_id,
            Ticket.building_id,
            Category.name.label("category"),
            func.coalesce(Place.path, Ticket.place_text).label("place"),
            followed.coarse_place(literal(None, BigInteger)).label("coarse_place"),
            Ticket.promised_at,
            due.zone(Ticket),
            followers.label("followers"),
            order.label("order_number"),
        )
        .join(Category, categories)
        .where(Ticket.id == ticket_id)
    )
    return db.session.execute(query).one()


def data_of(facts: Any, **more: Any) -> dict[str, Any]:
    """What every template of a ticket knows, and what this one needs besides."""
    known = {"number": facts.number, "category": facts.category, "place": facts.place}
    if facts.zone:
        known["zone"] = facts.zone
    if facts.order_number:
        known["order"] = facts.order_number
    return known | {name: value for name, value in more.items() if value is not None}


def reporter_of(facts: Any, now: datetime, but: int | None = None, *, asks: bool = False) -> list[int]:
    """The reporter, unless he did it himself; who has left is told no more, his dorm office is (N5).

    `asks`: it asks for what only the reporter can say.
    """
    found: list[int] = [] if facts.reporter_id is None else [facts.reporter_id]
    if facts.left_at is not None:
        found = found if leavers.still_here(facts.reporter_id, now) else []
        if not asks:
            people = leavers.office(campus_id=facts.campus_id, building_id=facts.building_id, now=now)
            found += [person.id for person in people]
    return [each for each in found if each != but]


def own_of(facts: Any, **more: Any) -> dict[str, Any]:
    """What the reporter is told of his own; of one he took over, no place finer than the floor (N8)."""
    taken_over = facts.taken_over_at is not None and facts.left_at is None
    return data_of(facts, **more) | ({"place": facts.coarse_place or ""} if taken_over else {})


def followers_of(facts: Any, but: int | None = None) -> list[int]:
    """Whoever follows, without the one who did it himself."""
    return sorted(set(facts.followers or ()) - {but, facts.reporter_id})


def reduced_of(facts: Any, **more: Any) -> dict[str, Any]:
    """What a follower is told: no words, and no place finer than the floor."""
    known = {"number": facts.number, "category": facts.category, "place": facts.coarse_place or ""}
    if facts.zone:
        known["zone"] = facts.zone
    return known | {name: value for name, value in more.items() if value is not None}


def page_of(ticket_id: int) -> str:
    return f"/tickets/{ticket_id}"


def day_of(order_id: int) -> str:
    return f"/crew/{order_id}"
