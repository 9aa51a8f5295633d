"""Who is told of a time the reporter chose for a visit, and of calls between reporter, crew and desk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.core import settings
from app.core.actor import Actor
from app.core.db import db
from app.events.tickets.visits import CallBackAnswered, CallBackAsked, WindowChosen
from app.notifications import services
from app.tickets.models import TicketEvent
from app.tickets.notices.facts import data_of, facts_of, own_of, page_of, reporter_of


def on_window(event: WindowChosen, actor: Actor, now: datetime) -> None:
    """Whoever holds the order that waits for it."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        event.holders,
        "order-window",
        data_of(facts, starts=event.start, until=event.end),
        f"/crew/{event.order_id}",
        now,
        key=f"window:{event.event_id}",
    )


DUTY_PHONE = "portal.duty_phone"
"""The setting with the number of the duty desk."""


def on_call_back_asked(event: CallBackAsked, actor: Actor, now: datetime) -> None:
    """The reporter, or his contact (N5): whom to call, and that he may leave a number for the desk instead."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        reporter_of(facts, now),
        "ticket-call",
        own_of(facts, phone=settings.get(DUTY_PHONE)),
        page_of(facts.id),
        now,
        key=f"call:{event.event_id}",
    )


def on_call_back_answered(event: CallBackAnswered, actor: Actor, now: datetime) -> None:
    """The desk: where the reporter may be called. The number itself stands in the history alone, for staff."""
    facts = facts_of(event.ticket_id, event.order_id)
    note = db.session.scalar(select(TicketEvent.note).where(TicketEvent.id == event.event_id))
    services.notify(
        event.person_ids,
        "call-wanted",
        data_of(facts, note=note),
        f"/dispatch/{event.order_id}",
        now,
        key=f"call:{event.event_id}",
    )
