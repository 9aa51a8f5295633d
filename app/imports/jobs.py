"""The stages that run in the background, each begun by an event and safe to run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from app.accounts import queries as accounts
from app.core import clock, transaction
from app.core.actor import Actor
from app.core.deliveries import Lease
from app.events import imports as events
from app.imports.models import ImportBatch
from app.imports.services import application, dry_run, life, looking, tidying


def _steps(lease: Lease, commit: Callable[[], None]) -> Callable[[], None]:
    """Each step renews the lease in the transaction it ends."""

    def step() -> None:
        lease.renew()
        commit()

    return step


def _person(person_id: int | None, lease: Lease, now: datetime) -> Actor:
    """On whose behalf a job works: the system for a command; a person who has left in the meantime has no rights."""
    if person_id is None:
        return lease.actor
    institution_id = lease.actor.institution_id
    gone = Actor(kind="person", institution_id=institution_id, id=person_id)
    return accounts.actor_of(person_id, institution_id, now) or gone


def look(event: events.ImportUploaded, lease: Lease) -> None:
    with transaction.steps() as commit:
        looking.run(event.batch_id, _steps(lease, commit))


def plan(event: events.DryRunOrdered, lease: Lease) -> None:
    now = clock.now()
    with transaction.steps() as commit:
        actor = _person(_batch(event.batch_id).uploaded_by, lease, now)
        dry_run.run(event.batch_id, _steps(lease, commit), actor=actor, now=now)


def apply(event: events.ImportOrdered, lease: Lease) -> None:
    now = clock.now()
    with transaction.steps() as commit:
        actor = _person(_batch(event.batch_id).decided_by, lease, now)
        application.run(event.batch_id, _steps(lease, commit), actor=actor, now=now)


def undo(event: events.UndoOrdered, lease: Lease) -> None:
    now = clock.now()
    with transaction.steps():
        actor = _person(_batch(event.batch_id).undone_by, lease, now)
        application.undo(event.batch_id, actor=actor, now=now)


def _batch(batch_id: int) -> ImportBatch:
    return life.locked(batch_id)


def tidy(event: events.ImportsTidied, actor: Actor, now: datetime) -> None:
    tidying.tidy(actor, now)
