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
    stands in place of the last one. An import that waits no longer asks nobody any more, whoever has decided.
    """
    people = queries.approvers(registry.importer(event.kind), now)
    asked = [each for each in people if each != event.uploaded_by]
    link, key = f"/imports/{event.batch_id}", f"import:{event.batch_id}:approve:{event.version}"
    for each in asked:
        notifications.no_longer_asks(each, link, now, kind=SETTLED, but=key)
    if event.state == "waiting":
        data = {"batch": life.number(event.batch_id), "kind": event.kind, "state": "approve"}
        notifications.notify(asked, SETTLED, data, link, now, key=key)
