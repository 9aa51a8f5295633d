"""The reporter has left: the dorm office of the place becomes the contact of his open request (tickets-rules N5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from app.core.actor import Actor
from app.core.db import db
from app.events.tickets.tickets import ContactPassed
from app.tickets.models import Ticket
from app.tickets.queries import leavers
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import TICKET_OPEN
from app.tickets.services.case import by_ticket


def pass_to_office(*, actor: Actor, now: datetime, ticket_id: int, why: str | None = None) -> bool:
    """Make the dorm office the contact, where the reporter has left and the request is still open. Safe to repeat.

    The reporter stays who reported it: ratings and figures do not change, and nobody who moves in sees anything of it.
    The contact may answer, remind, withdraw and say that it is not fixed; closing is left to the default. His leave to
    enter and his telephone number went with him. `why` is given where it is known already: of a request split off
    another, whose reporter moved out before it was made. Returns whether anything was passed on.
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    ticket = case.ticket
    if ticket.left_at is not None or ticket.status not in TICKET_OPEN:
        return False
    why = why or leavers.why(ticket_id, case.now)
    if why is None:
        return False
    people = leavers.office(campus_id=ticket.campus_id, building_id=ticket.building_id, now=case.now)
    ticket.left_at = case.now
    contact = people[0] if people else None
    db.session.execute(
        update(Ticket)
        .where(Ticket.id == ticket.id)
        .values(
            contact_name=contact.name if contact else None,
            contact_phone=contact.phone if contact else None,
            may_enter=False,
        )
        .execution_options(synchronize_session=False)
    )
    ids = tuple(person.id for person in people)
    case.remark(Remark.LEFT, by_system=True, data={"why": why, "person_ids": [str(each) for each in ids]})
    case.tell(ContactPassed(ticket.id, ids))
    case.write()
    return True
