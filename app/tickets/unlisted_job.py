"""Moving open requests to the place their words mean, in the background: on behalf of who said so."""

from __future__ import annotations

from app.accounts import queries as accounts
from app.core import clock, transaction
from app.core.actor import Actor
from app.core.deliveries import Lease
from app.events.tickets.tickets import PlaceNamed
from app.tickets import policies
from app.tickets.services import unlisted


def on_place_named(event: PlaceNamed, lease: Lease) -> None:
    """Each request is a step that renews the lease; what was moved before is found no more."""
    with transaction.steps() as commit:

        def step() -> None:
            lease.renew()
            commit()

        unlisted.move_there(event.alias_id, step, actor=_person(event, lease))


def _person(event: PlaceNamed, lease: Lease) -> Actor:
    """Who said so; the words stay what they mean where he has left or does something else by now."""
    institution_id = lease.actor.institution_id
    found = None
    if event.person_id is not None:
        found = accounts.actor_of(event.person_id, institution_id, clock.now())
    return found if found is not None and policies.sees_unlisted(found) else Actor.system(institution_id)
