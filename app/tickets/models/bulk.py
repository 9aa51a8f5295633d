"""One act on more orders than a request can do: ordered, done in the background, accounted for order by order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref
from app.core.words import Words


class BulkRun(Tenant):
    """What somebody had done to many orders; `task` as `services.bulk.Task`, `total` orders were chosen.

    It runs until every item has an outcome (`ended_at`) or somebody stops it (`stopped_at`).
    """

    __tablename__ = "bulk_run"
    __table_args__ = (
        ref("person", "person_id"),
        Index("ix_bulk_run_person", "institution_id", "person_id", "id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    task: Mapped[dict[str, Any]]
    total: Mapped[int]
    ordered_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class BulkItem(Tenant):
    """One order of a run with the version that was current when it was chosen; `outcome` null: not begun.

    `why` is the reason of a refusal in both languages: it is read in that of the reader.
    """

    __tablename__ = "bulk_item"
    __table_args__ = (
        ref("bulk_run", "run_id"),
        ref("work_order", "order_id"),
        CheckConstraint("outcome IS NULL OR outcome IN ('done', 'refused')", name="outcome"),
        CheckConstraint("(why IS NULL) OR outcome = 'refused'", name="why"),
        Index("uq_bulk_item_order", "institution_id", "run_id", "order_id", unique=True),
        Index("ix_bulk_item_left", "institution_id", "run_id", "id", postgresql_where=text("outcome IS NULL")),
    )

    run_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    outcome: Mapped[str | None]
    why: Mapped[dict[str, str] | None] = mapped_column(Words)
