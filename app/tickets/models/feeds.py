"""The secret addresses under which technicians read their orders in a calendar program."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Tenant, ref


class CalendarFeed(Tenant):
    """One address: a 128-bit secret, stored hashed, shown once. Of a person at most one is live."""

    __tablename__ = "calendar_feed"
    __table_args__ = (
        ref("person", "person_id"),
        UniqueConstraint("institution_id", "token_hash", name="uq_calendar_feed_token_hash"),
        Index(
            "uq_calendar_feed_live",
            "institution_id",
            "person_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
