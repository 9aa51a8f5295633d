"""Tables of working calendars."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Dated, Tenant, ref
from app.core.words import Words
from app.sites import models as sites_models

HOURS_CLASSES = ("office", "extended", "always")
"""What a policy may ask for; the campus says which calendar each is (15)."""


class WorkingCalendar(Dated, Tenant):
    """A calendar people work by. Its newest version is in force; a new calendar has its first at once."""

    __tablename__ = "working_calendar"
    __table_args__ = (
        Index(
            "uq_working_calendar_code_valid",
            "institution_id",
            "code",
            unique=True,
            postgresql_where=text("valid_to IS NULL"),
        ),
    )

    code: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(Words)


class CalendarVersion(Tenant):
    """One published content of a calendar (`rules.calendar_data`), never changed: clocks were judged by it."""

    __tablename__ = "calendar_version"
    __table_args__ = (
        ref("working_calendar", "calendar_id"),
        CheckConstraint("number >= 1", name="number"),
        UniqueConstraint("institution_id", "calendar_id", "number", name="uq_calendar_version_number"),
    )

    calendar_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    note: Mapped[str | None]
    published_at: Mapped[datetime]
    published_by: Mapped[int | None] = mapped_column(BigInteger)


class CalendarDraft(Tenant):
    """What somebody is making of a calendar and has not published; `base_id` is the version he began from."""

    __tablename__ = "calendar_draft"
    __table_args__ = (
        ref("working_calendar", "calendar_id"),
        ref("calendar_version", "base_id"),
        CheckConstraint("version >= 1", name="version"),
        UniqueConstraint("institution_id", "calendar_id", name="uq_calendar_draft_calendar"),
    )

    calendar_id: Mapped[int] = mapped_column(BigInteger)
    base_id: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[dict[str, Any]]
    edited_at: Mapped[datetime]
    edited_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(default=1)


class CampusHours(Tenant):
    """Which calendar an hours class is on a campus; null campus: wherever a campus says nothing (15)."""

    __tablename__ = "campus_hours"
    __table_args__ = (
        ref("place", "campus_id"),
        ref("working_calendar", "calendar_id"),
        CheckConstraint(f"hours IN {HOURS_CLASSES}", name="hours"),
        UniqueConstraint(
            "institution_id", "campus_id", "hours", name="uq_campus_hours", postgresql_nulls_not_distinct=True
        ),
    )

    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    hours: Mapped[str]
    calendar_id: Mapped[int] = mapped_column(BigInteger)


__all__ = ["HOURS_CLASSES", "CalendarDraft", "CalendarVersion", "CampusHours", "WorkingCalendar", "sites_models"]
