"""Who is told that a plan waits. The uploader hears of every result from notifications."""

from __future__ import annotations

from datetime import datetime

from app.core.actor import Actor
from app.events.imports import ImportSettled
from app.imports import queries, registry
from app.imports.services import life
from app.notifications import services as notifications

SETTLED = "import-settled"


def ask_approvers(event: ImportSettled, actor: Actor, now: datetime) -> None:
    """A plan waits for another person: everybody who may approve its kind is asked, but not the uploader.

    Once for each plan: one that was made anew (other columns, too old, overtaken) is asked about anew, and its line
    stands in place of the last one. An import that waits no longer asks nobody any more, whoever has decided, and
    whoever may no longer approve. Messages come in any order: what counts is how the import stands now.
    """
    waits = queries.waits(event.batch_id)
    link, keys = f"/imports/{event.batch_id}", f"import:{event.batch_id}:approve:"
    key = None if waits is None else f"{keys}{waits}"
    notifications.nobody_is_asked(link, now, kind=SETTLED, keys=keys, but=key)
    if key is not None and event.state == "waiting" and event.version in (0, waits):
        people = queries.approvers(registry.importer(event.kind), now)
        asked = [each for each in people if each != event.uploaded_by]
        data = {"batch": life.number(event.batch_id), "kind": event.kind, "state": "approve"}
        notifications.notify(asked, SETTLED, data, link, now, key=key)
