"""What a person decides about a plan: apply it, approve it, send it back, run it again, drop it, take it back."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.audit import services as audit
from app.core import outbox
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, Rejected
from app.core.refusals import permit
from app.events.imports import DryRunOrdered, ImportOrdered, UndoOrdered
from app.imports import policies, queries, registry
from app.imports.models import ImportBatch
from app.imports.rules import stages
from app.imports.services import life


def approve(
    batch_id: int,
    *,
    actor: Actor,
    now: datetime,
    looked_at: bool,
    seen: int | None = None,
    background: bool = True,
) -> ImportBatch:
    """Approve a plan of somebody else, which applies it.

    `looked_at`: the approver says that he has looked at the rows that ask for it, one by one. A plan older than 24
    hours is run again instead (the batch answers with state "planning"). Raises Conflict, NotAllowed (own upload),
    Rejected (field `looked_at`).
    """
    batch = life.locked(batch_id, seen)
    importer = registry.importer(batch.kind)
    permit(actor, lambda somebody: policies.can_approve_kind(somebody, importer))
    if policies.is_own(actor, batch):
        raise NotAllowed(_l("You uploaded this file, so another person must approve it."), code="own-upload")
    if batch.state != "waiting":
        raise Conflict(_l("This import does not wait for an approval."), code="import-state", state=batch.state)
    if not stages.plan_is_fresh(batch.planned_at, now):
        return _run_again(batch, background)
    if not looked_at and queries.to_look_at(batch, importer):
        raise Rejected(fields={"looked_at": [_l("Look at these rows one by one first, then say so.")]})
    audit.record(actor, "import.approve", "import", batch.id, now=now, after=_figures(batch))
    return _order(batch, actor, now, background)


def order(
    batch_id: int, *, actor: Actor, now: datetime, seen: int | None = None, background: bool = True
) -> ImportBatch:
    """Apply a plan that needs nobody's approval; a plan older than 24 hours is run again instead."""
    batch = life.locked(batch_id, seen)
    permit(actor, lambda somebody: policies.can_run_kind(somebody, registry.importer(batch.kind)))
    if batch.state != "planned":
        raise Conflict(_l("This import is not ready to be applied."), code="import-state", state=batch.state)
    if not stages.plan_is_fresh(batch.planned_at, now):
        return _run_again(batch, background)
    audit.record(actor, "import.order", "import", batch.id, now=now, after=_figures(batch))
    return _order(batch, actor, now, background)


def _order(batch: ImportBatch, actor: Actor, now: datetime, background: bool) -> ImportBatch:
    batch.decided_at, batch.decided_by, batch.decider = now, actor.id, actor.name or actor.username
    life.move_on(batch, "applying")
    if background:
        outbox.publish(ImportOrdered(batch.id, batch.version))
    return batch


def _run_again(batch: ImportBatch, background: bool = True) -> ImportBatch:
    life.move_on(batch, "planning")
    if background:
        outbox.publish(DryRunOrdered(batch.id, batch.version))
    return batch


def _figures(batch: ImportBatch) -> dict[str, object]:
    names = ("read", "new", "changed", "same", "missing", "refused")
    return {"number": life.number(batch.id), **{name: batch.counts.get(name, 0) for name in names}}


def run_again(batch_id: int, *, actor: Actor, now: datetime, seen: int | None = None) -> ImportBatch:
    """Plan once more with the same columns, against the register as it is now."""
    batch = life.locked(batch_id, seen)
    importer = registry.importer(batch.kind)
    permit(actor, lambda somebody: policies.can_decide_kind(somebody, importer))
    return _run_again(batch)


def send_back(batch_id: int, reason: str, *, actor: Actor, now: datetime, seen: int | None = None) -> ImportBatch:
    """Refuse to approve; the uploader reads the reason."""
    batch = life.locked(batch_id, seen)
    permit(actor, lambda somebody: policies.can_approve_kind(somebody, registry.importer(batch.kind)))
    life.move(batch, "returned")
    batch.decided_at, batch.decided_by, batch.decider = now, actor.id, actor.name or actor.username
    batch.decision = reason
    life.settle(batch)
    audit.record(actor, "import.return", "import", batch.id, now=now, after={"reason": reason})
    return batch


def withdraw(batch_id: int, *, actor: Actor, now: datetime, seen: int | None = None) -> ImportBatch:
    """Drop a batch that was not applied."""
    batch = life.locked(batch_id, seen)
    permit(actor, lambda somebody: policies.can_run_kind(somebody, registry.importer(batch.kind)))
    life.move(batch, "withdrawn")
    life.drop_rows(batch.id)
    life.settle(batch)
    audit.record(actor, "import.withdraw", "import", batch.id, now=now)
    return batch


def order_undo(batch_id: int, *, actor: Actor, now: datetime, seen: int | None = None) -> ImportBatch:
    """Take an applied batch back, within 24 hours. Raises Conflict when the time has run out."""
    batch = life.locked(batch_id, seen)
    importer = registry.importer(batch.kind)
    permit(actor, lambda somebody: policies.can_decide_kind(somebody, importer))
    if batch.applied_at is None:
        raise Conflict(_l("This import was not applied: there is nothing to take back."), code="import-not-applied")
    if not stages.may_be_undone(batch.state, batch.applied_at, now):
        raise Conflict(
            _l("An import can be taken back for 24 hours after it was applied; that time is over."),
            code="import-undo-over",
        )
    batch.undone_by = actor.id
    life.move(batch, "undoing")
    outbox.publish(UndoOrdered(batch.id, batch.version))
    audit.record(actor, "import.undo_order", "import", batch.id, now=now, after=_figures(batch))
    return batch
