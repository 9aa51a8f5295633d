"""Saying which place stands in for one that is gone: what is reported for the old one goes to the new."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, Rejected
from app.core.seen import Seen
from app.sites import queries
from app.sites.models import Place
from app.sites.services import standing


def set_successor(
    place_id: int, successor_id: int | None, *, actor: Actor, now: datetime, seen: Seen | None = None
) -> Place:
    """Name the place that stands in for a closed one; None: nothing does. History stays where it was.

    Raises NotFound, NotAllowed, Overtaken, Conflict (the place is not closed), Rejected (`successor_id` is not there,
    or itself).
    """
    place = standing.locked(place_id, actor, seen)
    if place.valid_to is None:
        raise Conflict(_l("Close this place first; as long as it is open, it is reported for itself."))
    if successor_id is not None:
        found = queries.by_id(successor_id)
        if found is None or found.id == place.id or not found.holds_on(queries.today(now)):
            raise Rejected(fields={"successor_id": _l("This place does not exist. Choose it again.")})
    before, place.successor_id = place.successor_id, successor_id
    db.session.flush()
    if before != successor_id:
        audit.record(
            actor,
            "place.successor",
            "place",
            place.id,
            now=now,
            before={"successor_id": before},
            after={"successor_id": successor_id},
        )
    return place
