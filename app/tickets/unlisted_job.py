"""Moving open requests to the place their words mean, in the background: on behalf of who said so, who hears of those
that stayed where they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from app.accounts import queries as accounts
from app.core import clock, transaction
from app.core.actor import Actor
from app.core.db import db
from app.core.deliveries import Lease
from app.events.tickets.tickets import PlaceNamed
from app.notifications import rendering, services
from app.sites.models import PlaceAlias
from app.tickets import policies
from app.tickets.services import unlisted

NAMED = 10
"""How many of the requests that stayed are named; the page shows all."""
PAGE = "/tickets/unlisted"


def on_place_named(event: PlaceNamed, lease: Lease) -> None:
    """Each request is a step that renews the lease; what was moved before is found no more, what stayed is told."""
    with transaction.steps() as commit:

        def step() -> None:
            lease.renew()
            commit()

        left = unlisted.move_there(event.alias_id, step, actor=_person(event, lease))
        if left:
            lease.renew()
            _tell(event, lease, left)


def _tell(event: PlaceNamed, lease: Lease, left: Mapping[str, Any]) -> None:
    """Who said so; once for each time he said it, however often the job runs."""
    numbers = sorted(left)
    words = db.session.scalar(select(PlaceAlias.text).where(PlaceAlias.id == event.alias_id))
    data = {
        "words": words or "",
        "count": len(numbers),
        "numbers": ", ".join(numbers[:NAMED]) + (" …" if len(numbers) > NAMED else ""),
        "why": rendering.in_both(left[numbers[0]]),
    }
    key = f"place-named:{lease.delivery_id}"
    services.notify([event.person_id], "place-not-moved", data, PAGE, clock.now(), key=key)


def _person(event: PlaceNamed, lease: Lease) -> Actor:
    """Who said so; the words stay what they mean where he has left or does something else by now."""
    institution_id = lease.actor.institution_id
    found = None
    if event.person_id is not None:
        found = accounts.actor_of(event.person_id, institution_id, clock.now())
    return found if found is not None and policies.sees_unlisted(found) else Actor.system(institution_id)
