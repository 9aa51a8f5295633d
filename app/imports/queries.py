"""Reading batches, their files, rows and progress."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast

from sqlalchemy import BigInteger, Select, Text, and_, any_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.accounts.models import Person, Role, RoleGrant
from app.core.actor import Actor
from app.core.db import db, valid_on
from app.core.held import locking
from app.core.importing import OUTCOMES, WRITTEN, Importer, Outcome, Reason, RowPlan
from app.core.paging import Page, page
from app.core.prepared import Count, Reading, code, number, value, values
from app.imports import policies
from app.imports.models import ImportBatch, ImportChunk, ImportMapping, ImportProgress, ImportRow
from app.imports.rules import stages
from app.sites import queries as places

MAX_ID = 2**63 - 1
_IN_MEMORY = 4 * 1024 * 1024
_ROWS_AT_ONCE = 2000
ROWS_NAMED = 100


def batches(
    viewer: Actor, *, kind: str | None = None, open_only: bool = False, cursor: str | None = None, limit: int = 50
) -> Page[ImportBatch]:
    """Batches of the kinds the viewer may see, newest first."""
    kinds = policies.visible_kinds(viewer)
    query: Select[Any] = select(ImportBatch).where(
        ImportBatch.kind.in_([each for each in kinds if kind in (None, each)])
    )
    if open_only:
        query = query.where(ImportBatch.state.in_(sorted(stages.OPEN | stages.RUNNING)))
    return page(query, [("id", ImportBatch.id.desc())], cursor, limit, scalars=True)


def batch(viewer: Actor, batch_id: int) -> ImportBatch | None:
    """One batch, None where there is none for this viewer (or the number can be no id)."""
    if batch_id > MAX_ID:
        return None
    kinds = policies.visible_kinds(viewer)
    return db.session.scalars(
        select(ImportBatch).where(ImportBatch.id == batch_id, ImportBatch.kind.in_(kinds))
    ).one_or_none()


def waiting_for(viewer: Actor) -> int:
    """How many plans wait for this person's approval (the number beside the navigation's entry)."""
    found: int = _WAITING.one(_approved_by(viewer))[0]
    return found


def _waiting() -> Select[int]:
    awaited = and_(
        ImportBatch.state == code("waiting"),
        ImportBatch.kind == any_(values("imports_of", Text)),
        ImportBatch.uploaded_by.is_distinct_from(value("imports_for", BigInteger)),
    )
    return select(func.count()).select_from(select(ImportBatch.id).where(awaited).limit(number(100)).subquery())


def _approved_by(viewer: Actor) -> dict[str, Any]:
    kinds = policies.visible_kinds(viewer) if policies.can_approve(viewer) else ()
    return {"imports_of": list(kinds), "imports_for": viewer.id}


_WAITING = Reading(_waiting)
WAITING = Count(_waiting, _approved_by)


def open_for(viewer: Actor) -> int:
    """How many imports wait for somebody, among the kinds this person sees; a hundred at most."""
    some = select(ImportBatch.id).where(
        ImportBatch.state.in_(sorted(stages.OPEN | stages.RUNNING)),
        ImportBatch.kind.in_(policies.visible_kinds(viewer)),
    )
    return db.session.scalar(select(func.count()).select_from(some.limit(100).subquery())) or 0


def waits(batch_id: int) -> int | None:
    """The version in which a batch waits for an approval, None where it does not; it stays so until the transaction
    ends."""
    waiting = (ImportBatch.id == batch_id, ImportBatch.state == "waiting")
    return db.session.scalar(locking(select(ImportBatch.version).where(*waiting), share=True))


def approvers(importer: Importer[Any], now: datetime) -> list[int]:
    """People who may approve plans of a kind (at most a hundred): both permissions, in whatever roles."""
    today = places.today(now)
    has_both = and_(
        *(func.bool_or(Role.permissions.contains([wanted])) for wanted in ("imports.approve", importer.permission))
    )
    held = (
        select(RoleGrant.person_id)
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .join(Person, and_(Person.institution_id == RoleGrant.institution_id, Person.id == RoleGrant.person_id))
        .where(
            valid_on(RoleGrant, today),
            Person.disabled_at.is_(None),
            valid_on(Person, today),
        )
        .group_by(RoleGrant.person_id)
        .having(has_both)
        .order_by(RoleGrant.person_id)
        .limit(100)
    )
    if importer.whole_institution:
        held = held.where(RoleGrant.scope_kind == "institution")
    return list(db.session.scalars(held))


def file_of(batch_id: int) -> BinaryIO | None:
    """The uploaded file as a temporary file, None where it was deleted."""
    found = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115 - handed to the caller
    places = db.session.scalars(
        select(ImportChunk.place).where(ImportChunk.batch_id == batch_id).order_by(ImportChunk.place)
    ).all()
    for place in places:
        query = select(ImportChunk.data).where(ImportChunk.batch_id == batch_id, ImportChunk.place == place)
        found.write(db.session.scalars(query).one())
    if not places:
        found.close()
        return None
    found.seek(0)
    return found


def progress(batch_id: int) -> ImportProgress | None:
    return db.session.scalars(select(ImportProgress).where(ImportProgress.batch_id == batch_id)).one_or_none()


def remembered(kind: str, signatures: Collection[str]) -> dict[str, dict[str, int]]:
    """The mappings last used for these headings, by their signatures."""
    asked = select(ImportMapping.signature, ImportMapping.columns).where(
        ImportMapping.kind == kind, ImportMapping.signature.in_(signatures)
    )
    return {row.signature: row.columns for row in db.session.execute(asked)}


def applied_before(kind: str, content_hash: str, besides: int) -> list[int]:
    """Batches of the same content that are applied and not taken back, newest first."""
    return list(
        db.session.scalars(
            select(ImportBatch.id)
            .where(
                ImportBatch.kind == kind,
                ImportBatch.content_hash == content_hash,
                ImportBatch.state.in_(["applied", "undoing"]),
                ImportBatch.id != besides,
            )
            .order_by(ImportBatch.id.desc())
            .limit(100)
        )
    )


def refused_by_all(batch_ids: Collection[int]) -> frozenset[int]:
    """Row numbers each of these batches refused: rows of the content that were never taken."""
    left: frozenset[int] | None = None
    for each in batch_ids:
        numbers = frozenset(
            number
            for number in db.session.scalars(
                select(ImportRow.number).where(ImportRow.batch_id == each, ImportRow.outcome == "refused")
            )
            if number is not None
        )
        left = numbers if left is None else left & numbers
    return left or frozenset()


def rows(
    batch_id: int,
    outcome: Outcome,
    *,
    why: Reason | None = None,
    field: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[ImportRow]:
    """Planned rows of one outcome in the order of the file.

    Of `why` those refused for this column, code and value; of `field` those in which it changes.
    """
    query = select(ImportRow).where(ImportRow.batch_id == batch_id, ImportRow.outcome == outcome)
    if why is not None:
        query = query.where(ImportRow.reasons.contains([{"code": why.code, "column": why.column, "value": why.value}]))
    if field is not None:
        query = query.where(func.jsonb_exists(ImportRow.diff, field))
    return page(query, [("id", ImportRow.id.asc())], cursor, limit, scalars=True)


def to_look_at(batch: ImportBatch, importer: Importer[Any]) -> int:
    """How many rows ask to be looked at one by one before they are approved."""
    remarks: dict[str, int] = batch.counts.get("remarks", {})
    return sum(count for name, count in remarks.items() if name in importer.one_by_one)


def remarked(batch_id: int, name: str, *, cursor: str | None = None, limit: int = 50) -> Page[ImportRow]:
    """Rows with a remark, in the order of the file."""
    query = select(ImportRow).where(ImportRow.batch_id == batch_id, ImportRow.remarks.contains([{"code": name}]))
    return page(query, [("id", ImportRow.id.asc())], cursor, limit, scalars=True)


@dataclass(frozen=True, slots=True)
class Refusals:
    """What was refused for the same reason with the same value; `rows` are the first of its `count` row numbers."""

    why: Reason
    count: int
    rows: tuple[int, ...]


def refusals(batch_id: int, limit: int) -> list[Refusals]:
    """Refusals by column, code and value, the commonest first, then in the order of the file; one statement.

    The figures of a reason are those of its first row.
    """
    reason = func.jsonb_array_elements(ImportRow.reasons).column_valued("reason", joins_implicitly=True)
    parts = [reason.op("->>")(name) for name in ("column", "code", "value")]
    first = func.array_agg(aggregate_order_by(reason, ImportRow.id))[1]
    numbers = func.array_agg(aggregate_order_by(ImportRow.number, ImportRow.id))[1:ROWS_NAMED]
    query = (
        select(first, func.count(), numbers)
        .select_from(ImportRow)
        .where(ImportRow.batch_id == batch_id, ImportRow.outcome == "refused")
        .group_by(*parts)
        .order_by(func.count().desc(), func.min(ImportRow.id))
        .limit(limit)
    )
    return [Refusals(as_reason(why), count, tuple(rows)) for why, count, rows in db.session.execute(query)]


def every_row(batch_id: int, outcome: Outcome) -> Iterator[ImportRow]:
    """All rows of an outcome, read by keyset pages."""
    last = 0
    while True:
        found = db.session.scalars(
            select(ImportRow)
            .where(ImportRow.batch_id == batch_id, ImportRow.outcome == outcome, ImportRow.id > last)
            .order_by(ImportRow.id)
            .limit(_ROWS_AT_ONCE)
        ).all()
        if not found:
            return
        yield from found
        last = found[-1].id


def written_plans(batch_id: int) -> list[RowPlan]:
    """The rows a batch has written, as plans with the ids of what they touched or made."""
    return [as_plan(row) for outcome in OUTCOMES if outcome in WRITTEN for row in every_row(batch_id, outcome)]


def as_plan(row: ImportRow) -> RowPlan:
    return RowPlan(
        row=row.number,
        outcome=cast(Outcome, row.outcome),
        key=row.key,
        label=row.label,
        target=row.target_id,
        diff={column: (was, becomes) for column, (was, becomes) in row.diff.items()},
        values=row.content,
        reasons=tuple(as_reason(each) for each in row.reasons),
        remarks=tuple(as_reason(each) for each in row.remarks),
    )


def as_reason(stored: dict[str, Any]) -> Reason:
    return Reason(stored["code"], stored.get("column"), stored.get("value", ""), stored.get("params", {}))


def forgotten(before: datetime) -> list[int]:
    """Batches that have waited for a person since before this instant."""
    return list(
        db.session.scalars(
            select(ImportBatch.id)
            .where(ImportBatch.state.in_(sorted(stages.OPEN)), ImportBatch.uploaded_at < before)
            .order_by(ImportBatch.id)
            .limit(500)
        )
    )
