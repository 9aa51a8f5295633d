"""Tables of the import engine: a batch, its file, its planned rows, its progress, and mappings remembered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import references
from app.core.db import Tenant, ref
from app.core.importing import OUTCOMES
from app.imports.rules.stages import SOURCES, STATES


class ImportBatch(Tenant):
    """One file on its way into the register. Shown as `I-0118`, which is its id.

    `layout` says how the file is read: kind, encoding, delimiter, sheet, sheets, header row, headings, mapping.
    `counts` holds rows by outcome, besides `read`, `blank` and, where rows were known from an earlier batch of the
    same content, `known`. `problem` is `{code, params}` where the whole file could not be used.
    """

    __tablename__ = "import_batch"
    __table_args__ = (
        ref("person", "uploaded_by"),
        ref("person", "decided_by"),
        ref("person", "undone_by"),
        ref("import_batch", "repeats_id"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"source IN {SOURCES}", name="source"),
        Index("ix_import_batch_kind", "institution_id", "kind", "id"),
        Index("ix_import_batch_content", "institution_id", "kind", "content_hash"),
    )

    kind: Mapped[str]
    state: Mapped[str]
    source: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    filename: Mapped[str]
    size: Mapped[int]
    extent: Mapped[str] = mapped_column(default="")
    layout: Mapped[dict[str, Any]] = mapped_column(default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    problem: Mapped[dict[str, Any] | None]
    content_hash: Mapped[str | None]
    plan_hash: Mapped[str | None]
    repeats_id: Mapped[int | None] = mapped_column(BigInteger)
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[int | None] = mapped_column(BigInteger)
    uploader: Mapped[str] = mapped_column(default="")
    planned_at: Mapped[datetime | None]
    plan_seconds: Mapped[int | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decider: Mapped[str] = mapped_column(default="")
    decision: Mapped[str | None]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(BigInteger)


class ImportChunk(Tenant):
    """The uploaded file in pieces of at most one megabyte; gone once the batch cannot be planned again."""

    __tablename__ = "import_chunk"
    __table_args__ = (
        ref("import_batch", "batch_id"),
        UniqueConstraint("institution_id", "batch_id", "place", name="uq_import_chunk_place"),
    )

    batch_id: Mapped[int] = mapped_column(BigInteger)
    place: Mapped[int]
    data: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRow(Tenant):
    """One planned row that is more than "same". `number` is the row in the file, None for what the file lacks.

    `target_id` is the id of the thing touched or, once applied, made; which table it is in is the importer's matter.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        ref("import_batch", "batch_id"),
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        Index("ix_import_row_batch", "institution_id", "batch_id", "outcome", "id"),
    )

    batch_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int | None]
    outcome: Mapped[str]
    key: Mapped[str]
    label: Mapped[str]
    target_id: Mapped[int | None] = mapped_column(BigInteger)
    diff: Mapped[dict[str, Any]]
    content: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]]
    remarks: Mapped[list[Any]]


class ImportProgress(Tenant):
    """How far a running stage is; written apart, so that it is seen while the stage's transaction is open."""

    __tablename__ = "import_progress"
    __table_args__ = (UniqueConstraint("institution_id", "batch_id", name="uq_import_progress_batch"),)

    batch_id: Mapped[int] = mapped_column(BigInteger)
    stage: Mapped[str]
    done: Mapped[int]
    total: Mapped[int]
    began_at: Mapped[datetime]
    at: Mapped[datetime]


class ImportMapping(Tenant):
    """The mapping last used for these headings: `columns` is importer column → index in the file."""

    __tablename__ = "import_mapping"
    __table_args__ = (UniqueConstraint("institution_id", "kind", "signature", name="uq_import_mapping_signature"),)

    kind: Mapped[str]
    signature: Mapped[str]
    columns: Mapped[dict[str, Any]]
    used_at: Mapped[datetime]


references.declare(
    {
        "import_batch": _l("import"),
    }
)
