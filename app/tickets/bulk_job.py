"""One act on many orders, in the background: on behalf of who ordered it."""

from __future__ import annotations

from app.accounts import queries as accounts
from app.core import clock, transaction
from app.core.actor import Actor
from app.core.deliveries import Lease
from app.events.operations import HousekeepingDue
from app.events.tickets.orders import BulkOrdered
from app.tickets.refusal_words import in_both
from app.tickets.services import bulk_runs


def on_bulk_ordered(event: BulkOrdered, lease: Lease) -> None:
    """Go on where it stands; each order is a step that renews the lease."""
    with transaction.steps() as commit:
        actor = _person(event.run_id, lease)

        def step() -> None:
            lease.renew()
            commit()

        bulk_runs.work(event.run_id, step, actor=actor, words=in_both)


def forget_runs(event: HousekeepingDue, lease: Lease) -> None:
    """Delete the accounts of runs long over, batch by batch."""
    with transaction.steps() as commit:
        for _gone in bulk_runs.forget(clock.now()):
            lease.renew()
            commit()


def _person(run_id: int, lease: Lease) -> Actor:
    """Who ordered it, with the rights he has now: none where he has left."""
    person_id, institution_id = bulk_runs.person_of(run_id), lease.actor.institution_id
    gone = Actor(kind="person", institution_id=institution_id, id=person_id)
    return gone if person_id is None else accounts.actor_of(person_id, institution_id, clock.now()) or gone
