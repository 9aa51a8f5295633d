"""The duty lead hears of orders nobody takes, again and again until somebody answers by name (38)."""

from __future__ import annotations

from datetime import datetime

from app.core.actor import Actor
from app.events.tickets.duty import DutyCallAnswered, DutyLeadCalled
from app.notifications import services
from app.tickets.notices.facts import data_of, facts_of, page_of

CALLED = "duty-lead-called"


def on_lead_called(event: DutyLeadCalled, actor: Actor, now: datetime) -> None:
    """The duty lead, else the fallback role; each time anew, so that mail goes out each time (38)."""
    facts = facts_of(event.ticket_id, event.order_id)
    link = _call(event.call_id) if event.call_id else page_of(facts.id)
    for person_id in event.person_ids:  # the line before is answered by this one
        services.no_longer_asks(person_id, link, now, kind=CALLED)
    services.notify(
        event.person_ids,
        CALLED,
        data_of(facts, refusals=event.refusals, times=event.times),
        link,
        now,
        key=f"call:{event.call_id or event.order_id}:{event.times}",
    )


def on_call_answered(event: DutyCallAnswered, actor: Actor, now: datetime) -> None:
    """Nobody else needs to answer."""
    for person_id in sorted({*event.called, event.person_id}):
        services.no_longer_asks(person_id, _call(event.call_id), now, kind=CALLED)


def _call(call_id: int) -> str:
    return f"/duty-calls/{call_id}"
