"""Who is told that finished work waits for a third party, and that it no longer does (N9)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.events.tickets.tickets import AcceptanceAsked, AcceptanceOver
from app.notifications import services
from app.tickets.models import Ticket
from app.tickets.notices import facts as told
from app.tickets.queries import crews
from app.tickets.rules.states import TicketStatus

KIND = "ticket-to-accept"


def on_asked(event: AcceptanceAsked, actor: Actor, now: datetime) -> None:
    """Whoever accepts work there, unless it has gone on meanwhile; also for an anonymous reporter, who is not (N6)."""
    status, cycle, people = _accepting(event.ticket_id, now)
    if status != TicketStatus.RESOLVED or cycle != event.cycle:
        return
    facts = told.facts_of(event.ticket_id)
    link = told.page_of(event.ticket_id)
    key = f"ticket:{facts.id}:to-accept:{event.cycle}"
    services.notify(people, KIND, told.data_of(facts), link, now, key=key)


def on_over(event: AcceptanceOver, actor: Actor, now: datetime) -> None:
    """Nobody of them is asked any more."""
    for person_id in _accepting(event.ticket_id, now)[2]:
        services.no_longer_asks(person_id, told.page_of(event.ticket_id), now, kind=KIND)


def _accepting(ticket_id: int, now: datetime) -> tuple[str, int, tuple[int, ...]]:
    row = db.session.execute(
        select(Ticket.status, Ticket.cycle, Ticket.campus_id, Ticket.building_id).where(Ticket.id == ticket_id)
    ).one()
    return row.status, row.cycle, crews.accepting(campus_id=row.campus_id, building_id=row.building_id, now=now)
