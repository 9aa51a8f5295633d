"""Who is told that a plan waits. The uploader hears of every result from notifications."""

from __future__ import annotations

from datetime import datetime

from app.core.actor import Actor
from app.events.imports import ImportSettled
from app.imports import queries, registry
from app.imports.services import life
from app.notifications import services as notifications


def ask_approvers(event: ImportSettled, actor: Actor, now: datetime) -> None:
    """A plan waits for another person: everybody who may approve its kind is asked, but not the uploader."""
    if event.state != "waiting":
        return
    people = queries.approvers(registry.importer(event.kind), now)
    notifications.notify(
        [each for each in people if each != event.uploaded_by],
        "import-settled",
        {"batch": life.number(event.batch_id), "kind": event.kind, "state": "approve"},
        f"/imports/{event.batch_id}",
        now,
        key=f"import:{event.batch_id}:approve:{now:%Y%m%d}",
    )
