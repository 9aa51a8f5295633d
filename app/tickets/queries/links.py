"""How a ticket hangs together with others: its original, its duplicates, what was split off it or came again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, or_, select

from app.core.actor import Actor
from app.core.db import db
from app.tickets.models import Ticket
from app.tickets.queries import followed, viewer

AT_MOST = 200


@dataclass(slots=True)
class Links:
    """Rows with id, number, status and filed_at, by what they are to the ticket."""

    followers: int = 0
    original: Any = None
    duplicates: list[Any] = field(default_factory=list)
    split_from: Any = None
    parts: list[Any] = field(default_factory=list)
    recurs_of: Any = None
    recurred: list[Any] = field(default_factory=list)


def of(actor: Actor, ticket: Any) -> Links:
    """What a reader sees of it, in two statements. `ticket` is a row of `tickets.one`."""
    found = Links(followers=followed.count(ticket.id))
    above = {ticket.duplicate_of_id, ticket.split_from_id, ticket.recurs_of_id} - {None}
    for row in _rows(actor, ticket.id, sorted(above)):
        if row.id == ticket.duplicate_of_id:
            found.original = row
        elif row.id == ticket.split_from_id:
            found.split_from = row
        elif row.id == ticket.recurs_of_id:
            found.recurs_of = row
        elif row.kind == "duplicate":
            found.duplicates.append(row)
        else:
            (found.parts if row.kind == "part" else found.recurred).append(row)
    return found


def _rows(actor: Actor, ticket_id: int, above: Sequence[int]) -> Sequence[Any]:
    kind = case(
        (Ticket.duplicate_of_id == ticket_id, "duplicate"),
        (Ticket.split_from_id == ticket_id, "part"),
        (Ticket.recurs_of_id == ticket_id, "recurred"),
    )
    below = or_(
        Ticket.duplicate_of_id == ticket_id, Ticket.split_from_id == ticket_id, Ticket.recurs_of_id == ticket_id
    )
    return db.session.execute(
        select(Ticket.id, Ticket.number, Ticket.status, Ticket.filed_at, kind.label("kind"))
        .where(or_(below, Ticket.id.in_(above)), viewer.tickets_seen(actor))
        .order_by(Ticket.id)
        .limit(AT_MOST)
    ).all()
