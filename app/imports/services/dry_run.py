"""The dry run: every row planned, nothing written but the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text

from app.core import importing
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Rejected
from app.core.importing import Importer, Line, Reason, Request, RowPlan
from app.imports import queries, registry
from app.imports.models import ImportBatch
from app.imports.rules import stages
from app.imports.rules.unreadable import Unreadable
from app.imports.services import life, parsing
from app.imports.services.progress import Meter

_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows planned, with the facts a decision rests on."""

    rows: list[RowPlan]
    content: str
    hash: str
    repeats: int | None
    counts: dict[str, Any]


def run(batch_id: int, step: Callable[[], None], *, actor: Actor, now: datetime) -> None:
    """Plan a batch in state "planning"; does nothing in another state, so it may be run twice."""
    batch = db.session.get(ImportBatch, (current_institution(), batch_id))
    if batch is None or batch.state != "planning":
        return
    read = read_file(batch, step)
    batch = life.locked(batch_id)
    if batch.state != "planning":
        return
    if isinstance(read, Unreadable):
        fail(batch, read.code, read.params)
        return
    if not read.lines:
        fail(batch, "no_rows", {})
        return
    try:
        plan = make(batch, read, Request(actor, now, batch.extent))
    except Rejected as refused:
        fail(batch, refused.code, refused.extra.get("params", {}))
        return
    keep(batch, plan, read, now)
    life.move(batch, stages.after_plan(plan.counts, approval=_approval(batch, plan)))
    life.settle(batch)


def read_file(batch: ImportBatch, step: Callable[[], None]) -> parsing.Read | Unreadable:
    """The batch's rows; the transaction is ended before and during the reading."""
    importer, layout = registry.importer(batch.kind), dict(batch.layout)
    batch_id = batch.id
    stream = queries.file_of(batch_id)
    step()
    if stream is None:
        return Unreadable("file_gone")
    with stream:
        try:
            return parsing.read(stream, layout, importer, Meter(batch_id, "reading", 0, step))
        except Unreadable as problem:
            return problem


_THINKS_LONG = text("SET LOCAL idle_in_transaction_session_timeout = '20min'")
"""Between two statements hundreds of thousands of rows are planned, hashed and counted; nobody waits for their lock."""


def make(batch: ImportBatch, read: parsing.Read, request: Request) -> Plan:
    """Plan all lines in the present transaction. Raises Rejected where the file as a whole is out of the question."""
    db.session.execute(_THINKS_LONG)
    importer = registry.importer(batch.kind)
    meter = Meter(batch.id, "planning", len(read.lines))
    content = parsing.content_hash(read, batch, importer)
    earlier = queries.applied_before(batch.kind, content, batch.id)
    lookup = importer.lookup(read.lines, request)
    rows = list(_metered(importer.plan(read.lines, lookup, request), meter))
    _check_complete(importer, read.lines, rows)
    if earlier:
        rows = list(_known(rows, queries.refused_by_all(earlier), importer))
    counts = {**importing.count(rows), **_facts(rows), "read": len(read.lines), "blank": read.blank}
    return Plan(rows, content, importing.plan_hash(rows), earlier[0] if earlier else None, counts)


def _metered(rows: Iterable[RowPlan], meter: Meter) -> Iterator[RowPlan]:
    for done, row in enumerate(rows, start=1):
        if done % parsing.PULSE_EVERY == 0:
            meter(done)
        yield row


def _check_complete(importer: Importer[Any], lines: list[Line], rows: list[RowPlan]) -> None:
    """No row of a file may ever be lost between reading and plan."""
    planned = Counter(row.row for row in rows if row.row is not None)
    if len(planned) != len(lines) or any(planned[line.number] != 1 for line in lines):
        raise AssertionError(f"the importer {importer.kind} did not plan every row exactly once")


def _known(rows: Iterable[RowPlan], never_taken: frozenset[int], importer: Importer[Any]) -> Iterator[RowPlan]:
    """The same content was applied before: rows it took are known, whatever became of them since; others get a turn,
    and so does what has been missing since and was not ended by hand."""
    for row in rows:
        if row.row is None:
            continue
        came_back = not importer.returns.isdisjoint(row.diff) and importer.gone.isdisjoint(row.diff)
        if row.row in never_taken or row.outcome == "same" or came_back:
            yield row
        else:
            yield replace(row, outcome="same", diff={}, values={}, reasons=(), remarks=())


def _facts(rows: Iterable[RowPlan]) -> dict[str, Any]:
    """What a person wants to know before reading rows: refusals and remarks by reason, changes by field."""
    reasons: Counter[str] = Counter()
    remarks: Counter[str] = Counter()
    fields: Counter[str] = Counter()
    for row in rows:
        reasons.update({why.code for why in row.reasons})
        remarks.update({why.code for why in row.remarks})
        fields.update(list(row.diff) if row.outcome == "changed" else ())
    return {"reasons": dict(reasons), "remarks": dict(remarks), "fields": dict(fields)}


def _approval(batch: ImportBatch, plan: Plan) -> bool:
    return registry.importer(batch.kind).needs_approval(plan.counts)


def keep(batch: ImportBatch, plan: Plan, read: parsing.Read, now: datetime) -> None:
    """Store a plan in place of the one before."""
    importer = registry.importer(batch.kind)
    life.drop_rows(batch.id)
    kept = [row for row in plan.rows if row.outcome != "same"]
    meter = Meter(batch.id, "storing", len(kept))
    for start in range(0, len(kept), _AT_ONCE):
        _insert(batch, [_row(each, batch, read, importer) for each in kept[start : start + _AT_ONCE]])
        meter(start)
    batch.counts = plan.counts
    batch.content_hash, batch.plan_hash, batch.repeats_id = plan.content, plan.hash, plan.repeats
    batch.planned_at = now
    batch.plan_seconds = max(int((meter.began - now).total_seconds()), 0)
    batch.decided_at = batch.decided_by = None
    batch.decider = ""


_INSERT = text(
    """
    INSERT INTO import_row
        (institution_id, batch_id, number, outcome, key, label, target_id, diff, content, reasons, remarks)
    SELECT :institution, :batch, number, outcome, key, label, target_id, diff, content, reasons, remarks
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS planned
        (number int, outcome text, key text, label text, target_id bigint,
         diff jsonb, content jsonb, reasons jsonb, remarks jsonb)
    """
)


def _insert(batch: ImportBatch, rows: list[dict[str, Any]]) -> None:
    """Two thousand rows in one statement."""
    db.session.execute(
        _INSERT, {"institution": batch.institution_id, "batch": batch.id, "rows": orjson.dumps(rows).decode()}
    )


def _row(plan: RowPlan, batch: ImportBatch, read: parsing.Read, importer: Importer[Any]) -> dict[str, Any]:
    cells = [] if plan.row is None else read.raw[plan.row]
    refused = plan.outcome == "refused" and plan.row is not None

    def told(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
        return [_reason(parsing.as_in_file(why, cells, batch.layout, importer)) for why in reasons]

    return {
        "number": plan.row,
        "outcome": plan.outcome,
        "key": plan.key,
        "label": plan.label,
        "target_id": plan.target,
        "diff": plan.diff,
        "content": {"cells": parsing.kept_cells(cells, batch.layout, importer)} if refused else dict(plan.values),
        "reasons": told(plan.reasons),
        "remarks": told(plan.remarks),
    }


def _reason(why: Reason) -> dict[str, Any]:
    return {"code": why.code, "column": why.column, "value": why.value, "params": dict(why.params)}


def fail(batch: ImportBatch, code: str, params: dict[str, Any]) -> None:
    """The file as a whole cannot be used."""
    life.drop_rows(batch.id)
    batch.counts = {}
    life.move(batch, "failed", problem={"code": code, "params": params})
    life.settle(batch)
