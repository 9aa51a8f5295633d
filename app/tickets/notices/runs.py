"""Who ordered one act on many orders hears when it is through."""

from __future__ import annotations

from datetime import datetime

from flask_babel.speaklater import LazyString

from app.core.actor import Actor
from app.events.tickets import orders as events
from app.notifications import rendering
from app.notifications import services as notifications
from app.tickets import run_words
from app.tickets.queries import bulk_runs as queries
from app.tickets.services import bulk_runs


def on_bulk_ended(event: events.BulkEnded, actor: Actor, now: datetime) -> None:
    """What was done, to how many, and how many were refused."""
    person_id = bulk_runs.person_of(event.run_id)
    if person_id is None:  # its account is past its days
        return
    run = queries.of_person(person_id, event.run_id)
    act = rendering.in_both(LazyString(run_words.stored, run.task))
    data = {"act": act, "done": run.done, "refused": run.refused}
    notifications.notify([person_id], "bulk-ended", data, f"/dispatch/runs/{run.id}", now, key=f"bulk:{run.id}")
