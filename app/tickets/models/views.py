"""Filters of the dispatcher's list and board, kept under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref


class SavedView(Tenant):
    """Filters under a name; with a role it is shown to everybody who holds that role, else to its owner alone.

    `filters`: what `rules.saved_views.FILTERS` names, those that are on. A name is unique among an owner's own views
    and among those of a role, whatever its case (`folded`).
    """

    __tablename__ = "saved_view"
    __table_args__ = (
        ref("person", "owner_id"),
        ref("role", "role_id"),
        Index(
            "uq_saved_view_own",
            "institution_id",
            "owner_id",
            "folded",
            unique=True,
            postgresql_where=text("role_id IS NULL"),
        ),
        Index(
            "uq_saved_view_shared",
            "institution_id",
            "role_id",
            "folded",
            unique=True,
            postgresql_where=text("role_id IS NOT NULL"),
        ),
    )

    owner_id: Mapped[int] = mapped_column(BigInteger)
    role_id: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str]
    folded: Mapped[str]
    filters: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class DefaultView(Tenant):
    """The view somebody's list and board begin with."""

    __tablename__ = "default_view"
    __table_args__ = (
        ref("person", "person_id"),
        ref("saved_view", "view_id"),
        UniqueConstraint("institution_id", "person_id", name="uq_default_view_person"),
        Index("ix_default_view_view", "institution_id", "view_id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    view_id: Mapped[int] = mapped_column(BigInteger)
