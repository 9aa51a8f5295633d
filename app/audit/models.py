"""The audit log. The application's role may insert and read, never change (grants of migration 0001)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant


class AuditEntry(Tenant):
    """One act. `before` and `after` hold the changed members only; no secrets, no full identity numbers."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_object", "institution_id", "object_kind", "object_id", "id"),
        Index("ix_audit_entry_actor", "institution_id", "actor_id", "id"),
        Index("ix_audit_entry_verb", "institution_id", "verb", "id"),
    )

    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_name: Mapped[str]
    verb: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[int | None] = mapped_column(BigInteger)
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    success: Mapped[bool] = mapped_column(default=True)
    request_id: Mapped[str | None]
    address: Mapped[str | None]
