"""Who is told of a time the reporter chose for a visit."""

from __future__ import annotations

from datetime import datetime

from app.core.actor import Actor
from app.events import tickets as events
from app.notifications import services
from app.tickets.notices import data_of, facts_of


def on_window(event: events.WindowChosen, actor: Actor, now: datetime) -> None:
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
