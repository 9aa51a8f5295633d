"""Moving a batch from state to state, the same way everywhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from app.audit import labels
from app.core import outbox
from app.core.db import db
from app.core.errors import Conflict, Stale
from app.core.held import held
from app.events.imports import ImportSettled
from app.imports.models import ImportBatch, ImportChunk, ImportRow
from app.imports.rules import stages


def number(batch_id: int) -> str:
    """How a batch is called by people: `I-0118`."""
    return f"I-{batch_id:04d}"


_NUMBER = re.compile(r"I\s*-?\s*0*([1-9][0-9]{0,17})", re.IGNORECASE | re.ASCII)


def _called(keys: Collection[str]) -> dict[str, str]:
    there = select(ImportBatch.id).where(ImportBatch.id.in_([int(key) for key in keys if key.isdecimal()]))
    return {str(batch_id): number(batch_id) for batch_id in db.session.scalars(there)}


def _meant(typed: str) -> list[int]:
    found = _NUMBER.fullmatch(typed)
    return [int(found[1])] if found else []


labels.declare(names={"import": _called}, numbers={"import": _meant}, references={"batch": "import"})


def locked(batch_id: int, seen: int | None = None) -> ImportBatch:
    """The batch, locked until the transaction ends. Raises NotFound, or Stale where `seen` is not its version."""
    found = held(ImportBatch, batch_id)
    if seen is not None and found.version != seen:
        raise Stale(current={"state": found.state, "version": found.version})
    return found


def move(batch: ImportBatch, state: str, *, problem: dict[str, Any] | None = None) -> None:
    """One step of its life, its file dropped where it is not read again; raises Conflict for a step there is not."""
    if not stages.may_move(batch.state, state):
        raise Conflict(_l("The import has moved on. Load the page again."), code="import-state", state=batch.state)
    batch.state = state
    batch.problem = problem
    batch.version += 1
    if state in stages.NEVER_READ_AGAIN:
        db.session.execute(delete(ImportChunk).where(ImportChunk.batch_id == batch.id))


def settle(batch: ImportBatch, outcome: str | None = None, *, by: int | None = None) -> None:
    """Tell those who listen that a stage in the background has ended, or that nobody is to approve it any more.

    `outcome`: where the state alone does not say how it ended; `by`: who had ordered it, where not who decided.
    """
    who = {"uploaded_by": batch.uploaded_by, "decided_by": by or batch.decided_by}
    outbox.publish(ImportSettled(batch.id, batch.kind, outcome or batch.state, version=batch.version, **who))


def move_on(batch: ImportBatch, state: str) -> None:
    """One step that decides about a plan, or gives it up: whoever was asked to approve it is asked no longer."""
    waited = batch.state == "waiting"
    move(batch, state)
    if waited:
        settle(batch)


def drop_rows(batch_id: int) -> None:
    """Planned rows are staging until they are applied."""
    db.session.execute(delete(ImportRow).where(ImportRow.batch_id == batch_id))
