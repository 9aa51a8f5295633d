"""Letting anybody read a request's text and photos, and taking that back (Open311)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict
from app.sites import scope_words
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import Ticket
from app.tickets.rules.history import Remark
from app.tickets.services.case import by_ticket


def publish(*, actor: Actor, now: datetime, ticket_id: int, published: bool) -> None:
    """Staff publishes text and photos of a request in a public place, or hides them again.

    Raises NotFound, NotAllowed, Conflict (the place is somebody's room).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    scope_words.require(actor, case.ticket, policies.TRIAGE)
    found = db.session.execute(
        select(Ticket.published, Place.public)
        .outerjoin(Place, (Place.institution_id == Ticket.institution_id) & (Place.id == Ticket.place_id))
        .where(Ticket.id == ticket_id)
    ).one()
    if found.published == published:
        return
    if published and not found.public:
        raise Conflict(_l("Only requests in public places can be published."))
    db.session.execute(
        update(Ticket)
        .where(Ticket.id == ticket_id)
        .values(published=published)
        .execution_options(synchronize_session=False)
    )
    case.remark(Remark.PUBLISH if published else Remark.UNPUBLISH)
    case.write()
