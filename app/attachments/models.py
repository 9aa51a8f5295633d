"""Table of attachments: one row, one photo, one blob (and its thumbnail)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.attachments.rules.limits import MOMENTS, REASONS, STATES
from app.core import references
from app.core.db import Tenant, ref


class Attachment(Tenant):
    """A photo of something that other areas own, named by kind and id.

    As long as it is in quarantine its blob lies under `quarantine/<key>` as it was sent and is served to nobody;
    `size`, `mime`, `width`, `height` and `sha256` describe it as it is stored now, `sent_sha256` as it was sent
    (the same photo sent twice for one moment is one row). A refused one has no blob and keeps its reason.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        ref("person", "uploaded_by"),
        CheckConstraint(f"moment IN {MOMENTS}", name="moment"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint(f"reason IN {REASONS}", name="reason"),
        CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name="refused_reason"),
        CheckConstraint("(state = 'ready') = (thumb_key IS NOT NULL)", name="ready_thumb"),
        UniqueConstraint("institution_id", "key", name="uq_attachment_key"),
        Index(
            "uq_attachment_sent",
            "institution_id",
            "owner_kind",
            "owner_id",
            "moment",
            "sent_sha256",
            unique=True,
            postgresql_where=text("state <> 'refused'"),
        ),
        Index("ix_attachment_owner", "institution_id", "owner_kind", "owner_id", "id"),
        Index("ix_attachment_waiting", "institution_id", "id", postgresql_where=text("state = 'quarantine'")),
    )

    owner_kind: Mapped[str]
    owner_id: Mapped[int] = mapped_column(BigInteger)
    moment: Mapped[str]
    key: Mapped[str]
    thumb_key: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="quarantine")
    reason: Mapped[str | None]
    mime: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[str]
    sent_sha256: Mapped[str]
    original_name: Mapped[str] = mapped_column(default="")
    uploaded_by: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime]


references.declare(
    {
        "attachment": _l("photo or file"),
    }
)
