"""Tables of working calendars."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core import references
from app.core.db import Tenant, code_in_force, ref
from app.core.versions.tables import Draft, Head, Version, draft_rules, version_rules
from app.sites import models as sites_models

HOURS_CLASSES = ("office", "extended", "always")
"""What a policy may ask for; the campus says which calendar each is (15)."""


class WorkingCalendar(Head):
    """A calendar people work by. Its newest version is in force; a new calendar has its first at once."""

    __tablename__ = "working_calendar"
    __table_args__ = (code_in_force(__tablename__),)


class CalendarVersion(Version):
    """One published content of a calendar (`rules.calendar_data`): clocks were judged by it."""

    __tablename__ = "calendar_version"
    __head__ = "calendar_id"
    __table_args__ = version_rules(__tablename__, "working_calendar", __head__)

    calendar_id: Mapped[int] = mapped_column(BigInteger)


class CalendarDraft(Draft):
    """What somebody is making of a calendar and has not published."""

    __tablename__ = "calendar_draft"
    __head__ = "calendar_id"
    __table_args__ = draft_rules(__tablename__, "working_calendar", __head__, "calendar_version")

    calendar_id: Mapped[int] = mapped_column(BigInteger)


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

references.declare(
    {
        "campus_hours": _l("working hours of a campus"),
    }
)
