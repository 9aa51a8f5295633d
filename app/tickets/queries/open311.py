"""Tickets as Open311 reads them: one's own scope with a token, those in public places without."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.core.actor import Actor
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import Category, Ticket, TicketEvent
from app.tickets.queries import viewer
from app.tickets.rules.workflow import TicketAct


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What of the requests is asked for. `since` and `until` bound the filing; `numbers` overrides both."""

    numbers: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 1000


_ENDS = (TicketAct.REJECT.value, TicketAct.NO_ANSWER.value, TicketAct.MERGE.value, TicketAct.WITHDRAW.value)

_last_reason = (
    select(TicketEvent.reason)
    .where(
        TicketEvent.institution_id == Ticket.institution_id,
        TicketEvent.ticket_id == Ticket.id,
        TicketEvent.kind.in_(_ENDS),
    )
    .order_by(TicketEvent.id.desc())
    .limit(1)
    .correlate(Ticket)
    .scalar_subquery()
)

_COLUMNS = (
    Ticket.id,
    Ticket.number,
    Ticket.status,
    Ticket.description,
    Ticket.published,
    Ticket.filed_at,
    Ticket.promised_at,
    Ticket.place_text,
    func.greatest(Ticket.filed_at, Ticket.asked_at, Ticket.rejected_at, Ticket.resolved_at, Ticket.closed_at).label(
        "changed_at"
    ),
    Category.code.label("service_code"),
    Category.name.label("service_name"),
    Place.path.label("place"),
    Place.code.label("place_code"),
    Place.public,
    _last_reason.label("reason"),
)


def requests(actor: Actor, asked: Asked) -> Sequence[Any]:
    """The newest requests the actor may see, at most `asked.limit`; anonymous: those in public places."""
    query: Any = (
        select(*_COLUMNS)
        .join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
        .outerjoin(Place, and_(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id))
        .where(_seen(actor))
        .order_by(Ticket.filed_at.desc(), Ticket.id.desc())
        .limit(asked.limit)
    )
    if asked.numbers:
        query = query.where(Ticket.number.in_(asked.numbers))
    if asked.services:
        query = query.where(Category.code.in_(asked.services))
    if asked.statuses:
        query = query.where(Ticket.status.in_(asked.statuses))
    if asked.since is not None:
        query = query.where(Ticket.filed_at >= asked.since)
    if asked.until is not None:
        query = query.where(Ticket.filed_at <= asked.until)
    return db.session.execute(query).all()


def _seen(actor: Actor) -> Any:
    public = Ticket.place_id.in_(select(Place.id).where(Place.public))  # reduced: see `own` and `Ticket.published`
    return or_(viewer.tickets_seen(actor), public) if actor.signed_in else public


def own(actor: Actor, ticket_ids: Collection[int]) -> frozenset[int]:
    """Which of the tickets the actor sees by right, not only because their place is public."""
    if not actor.signed_in or not ticket_ids:
        return frozenset()
    return frozenset(
        db.session.scalars(select(Ticket.id).where(Ticket.id.in_(list(ticket_ids)), viewer.tickets_seen(actor)))
    )
