"""Applying a plan: planned once more in the same transaction, and written only if it is still the one decided on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.audit import services as audit
from app.core import transaction
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Rejected
from app.core.importing import WRITTEN, Request
from app.imports import queries, registry
from app.imports.models import ImportBatch
from app.imports.rules import stages
from app.imports.rules.unreadable import Unreadable
from app.imports.services import dry_run, life, parsing
from app.imports.services.progress import Meter

log = logging.getLogger(__name__)


def run(batch_id: int, step: Callable[[], None], *, actor: Actor, now: datetime) -> None:
    """Apply a batch in state "applying": all its good rows in the transaction that `step` or the caller ends, or none.

    Where what the plan touches has changed since the decision, the new plan is stored and waits to be decided anew.
    Does nothing in another state, so it may be run twice.
    """
    batch = db.session.get(ImportBatch, (current_institution(), batch_id))
    if batch is None or batch.state != "applying":
        return
    read = dry_run.read_file(batch, step)
    batch = life.locked(batch_id)
    if batch.state != "applying":
        return
    if isinstance(read, Unreadable):
        dry_run.fail(batch, read.code, read.params)
        return
    request = Request(actor, now, batch.extent)
    try:
        plan = dry_run.make(batch, read, request)
    except Rejected as refused:
        dry_run.fail(batch, refused.code, refused.extra.get("params", {}))
        return
    if plan.hash != batch.plan_hash:
        _decide_anew(batch, plan, read, now)
        return
    importer = registry.importer(batch.kind)
    written = [row for row in plan.rows if row.outcome in WRITTEN]
    Meter(batch_id, "writing", 0)  # one transaction for all: rows cannot be counted one by one
    if not _done(batch_id, lambda: _note_made(batch, importer.apply(written, batch_id, request))):
        try:
            again = dry_run.make(batch, read, request)
        except Rejected as refused:
            dry_run.fail(batch, refused.code, refused.extra.get("params", {}))
            return
        if again.hash == batch.plan_hash:
            dry_run.fail(batch, "not_written", {})
        else:  # somebody was quicker, between this plan and its writing
            _decide_anew(batch, again, read, now)
        return
    batch.applied_at = now
    life.move(batch, "applied")
    life.settle(batch)
    audit.record(
        actor, "import.apply", "import", batch_id, now=now, after={"kind": batch.kind, "written": len(written)}
    )


def _decide_anew(batch: ImportBatch, plan: dry_run.Plan, read: parsing.Read, now: datetime) -> None:
    dry_run.keep(batch, plan, read, now)
    approval = registry.importer(batch.kind).needs_approval(plan.counts)
    life.move(batch, stages.after_plan(plan.counts, approval=approval), problem={"code": "changed_since", "params": {}})
    life.settle(batch)


def _done(batch_id: int, work: Callable[[], None]) -> bool:
    """Do it whole; False, and nothing done, where a constraint stands against it: the same would at the next try.

    Whatever else is raised is left to the outbox, which tries again.
    """
    try:
        with transaction.attempt():
            work()
    except IntegrityError as refused:
        log.error("import against a constraint", exc_info=refused, extra={"batch": batch_id})
        return False
    return True


_MADE = text(
    """
    UPDATE import_row SET target_id = made.id
    FROM jsonb_to_recordset(CAST(:made AS jsonb)) AS made (number int, id bigint)
    WHERE import_row.batch_id = :batch AND import_row.outcome = 'new' AND import_row.number = made.number
    """
)


def _note_made(batch: ImportBatch, made: Mapping[int, int]) -> None:
    """The ids of new things, so that the report links to them and undo finds them."""
    rows = orjson.dumps([{"number": number, "id": thing} for number, thing in made.items()]).decode()
    db.session.execute(_MADE, {"batch": batch.id, "made": rows})


def undo(batch_id: int, *, actor: Actor, now: datetime) -> None:
    """Take a batch in state "undoing" back, or say what stands in the way (the batch is then applied as before)."""
    batch = life.locked(batch_id)
    if batch.state != "undoing":
        return
    importer = registry.importer(batch.kind)
    request = Request(actor, now, batch.extent)
    done = queries.written_plans(batch_id)
    blockers = importer.blockers(done, request)
    if blockers:
        shown = [
            {"code": why.code, "column": why.column, "value": why.value, "params": dict(why.params)}
            for why in blockers[:20]
        ]
        _not_undone(batch, {"code": "undo_blocked", "params": {"count": len(blockers)}, "reasons": shown})
    elif not _done(batch_id, lambda: importer.undo(done, batch_id, request)):
        _not_undone(batch, {"code": "not_taken_back", "params": {}})
    else:
        batch.undone_at = now
        life.move(batch, "undone")
        audit.record(actor, "import.undo", "import", batch_id, now=now, after={"kind": batch.kind})
        life.settle(batch)


def _not_undone(batch: ImportBatch, problem: dict[str, Any]) -> None:
    life.move(batch, "applied", problem=problem)
    life.settle(batch, "not_undone", by=batch.undone_by)
