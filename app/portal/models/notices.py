"""Notices: what people are told, where, who has read it, and every version it had."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref
from app.core.words import Words
from app.portal.rules.notices import VERSIONS, Kind, Status, Utility
from app.tickets.models.checks import one_of


class Notice(Tenant):
    """One notice as it stands now. `everywhere`: it has no places; `roles` empty: for everybody.

    `shown_until` is exclusive; of an outage it is `ends_at`. `told_version` is the version readers have to have read:
    a change after publication that they should see raises it.
    """

    __tablename__ = "notice"
    __table_args__ = (
        ref("person", "created_by"),
        ref("person", "published_by"),
        ref("person", "ended_by"),
        CheckConstraint(one_of("kind", Kind), name="kind"),
        CheckConstraint(one_of("utility", Utility), name="utility"),
        CheckConstraint(one_of("status", Status), name="status"),
        CheckConstraint(
            "(kind = 'outage') = (utility IS NOT NULL AND starts_at IS NOT NULL AND ends_at IS NOT NULL)"
            " AND (kind = 'outage' OR (utility IS NULL AND starts_at IS NULL AND ends_at IS NULL))",
            name="outage",
        ),
        CheckConstraint("ends_at > starts_at", name="during"),
        CheckConstraint("shown_until > shown_from", name="shown"),
        CheckConstraint("(status = 'draft') = (published_at IS NULL)", name="published"),
        CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        Index("ix_notice_published", "institution_id", "status", "published_at", "id"),
    )

    kind: Mapped[str]
    utility: Mapped[str | None]
    title: Mapped[dict[str, str]] = mapped_column(Words)
    body: Mapped[dict[str, str] | None] = mapped_column(Words)
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    shown_from: Mapped[datetime | None]
    shown_until: Mapped[datetime | None]
    roles: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    everywhere: Mapped[bool]
    status: Mapped[str] = mapped_column(default=Status.DRAFT.value)
    version: Mapped[int] = mapped_column(default=1)
    told_version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[int | None] = mapped_column(BigInteger)


class NoticePlace(Tenant):
    """A notice is meant for a place and everything below it."""

    __tablename__ = "notice_place"
    __table_args__ = (
        ref("notice", "notice_id"),
        ref("place", "place_id"),
        UniqueConstraint("institution_id", "notice_id", "place_id", name="uq_notice_place"),
        Index("ix_notice_place_place", "institution_id", "place_id"),
    )

    notice_id: Mapped[int] = mapped_column(BigInteger)
    place_id: Mapped[int] = mapped_column(BigInteger)


class NoticeVersion(Tenant):
    """What a notice told people from each instant on; append-only by grant. Drafts have none."""

    __tablename__ = "notice_version"
    __table_args__ = (
        ref("notice", "notice_id"),
        ref("person", "actor_id"),
        CheckConstraint(one_of("act", VERSIONS), name="act"),
        UniqueConstraint("institution_id", "notice_id", "version", name="uq_notice_version"),
    )

    notice_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    act: Mapped[str]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    content: Mapped[dict[str, Any]]


class NoticeRead(Tenant):
    """Which version of a notice somebody has read last."""

    __tablename__ = "notice_read"
    __table_args__ = (
        ref("notice", "notice_id"),
        ref("person", "person_id"),
        UniqueConstraint("institution_id", "person_id", "notice_id", name="uq_notice_read"),
    )

    notice_id: Mapped[int] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]
    at: Mapped[datetime]
