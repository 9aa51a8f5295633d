"""Duty contacts: whom to call for what, when."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Dated, Tenant, ref
from app.core.words import Words


class DutyContact(Dated, Tenant):
    """A number people may call. Without a campus it is for all; `hours` empty: day and night."""

    __tablename__ = "duty_contact"
    __table_args__ = (
        ref("place", "campus_id"),
        CheckConstraint("valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name="validity"),
        Index("ix_duty_contact_order", "institution_id", "emergency", "position", "id"),
    )

    name: Mapped[dict[str, str]] = mapped_column(Words)
    purpose: Mapped[dict[str, str] | None] = mapped_column(Words)
    hours: Mapped[dict[str, str] | None] = mapped_column(Words)
    phone: Mapped[str]
    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    emergency: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
