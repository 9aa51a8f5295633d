"""Splitting: a report that speaks of two faults becomes two tickets; each is repaired and answered on its own."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, Rejected
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Ticket
from app.tickets.queries import leavers
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import TICKET_OPEN
from app.tickets.services import filing, leaving
from app.tickets.services.case import by_ticket
from app.tickets.services.filing import Filed


def split(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    category: str | int,
    description: str,
    place_id: int | None = None,
    urgency: str = "normal",
    seen: int | None = None,
) -> Filed:
    """Make the second fault a ticket of its own for the same reporter, at the same place unless another is given.

    Nothing is asked again of the reporter; where he has left, the dorm office is the contact of this one too (N5).
    Raises NotFound, NotAllowed, Stale, Conflict, Rejected (`category`, `place_id`, `description`).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    scope_words.require(actor, case.ticket, policies.TRIAGE)
    case.seen_ticket(seen)
    if case.ticket.status not in TICKET_OPEN:
        raise Conflict(_l("Only an open request can be split."), code="not-open")
    if not description.strip():
        raise Rejected(fields={"description": _l("Say what the other fault is.")})
    first = db.session.execute(
        select(Ticket.place_text, Ticket.may_enter, Ticket.contact_name, Ticket.contact_phone).where(
            Ticket.id == ticket_id
        )
    ).one()
    ticket = case.ticket
    made = filing.file_ticket(
        actor=actor if ticket.reporter_id is not None else Actor.system(actor.institution_id),
        now=case.now,
        category=category,
        description=description,
        place_id=place_id or ticket.place_id,
        place_text=first.place_text if not (place_id or ticket.place_id) else None,
        urgency=urgency,
        may_enter=first.may_enter,
        reporter_id=ticket.reporter_id,
        contact_name=first.contact_name,
        contact_phone=first.contact_phone,
        asks=False,
        reporter_may_have_left=True,
    )
    db.session.execute(
        update(Ticket)
        .where(Ticket.id == made.id)
        .values(split_from_id=ticket.id)
        .execution_options(synchronize_session=False)
    )
    leaving.pass_to_office(
        actor=Actor.system(actor.institution_id),
        now=case.now,
        ticket_id=made.id,
        why=None if ticket.left_at is None else leavers.why(ticket.id, case.now),
    )
    case.remark(Remark.SPLIT, data={"ticket": made.id, "number": made.number})
    case.write()
    return made
