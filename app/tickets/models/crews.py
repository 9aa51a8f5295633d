"""Who can be offered work: trades, zones, shifts, absences, and the duty roster behind them."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import BigInteger, CheckConstraint, Index, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Dated, Small, Tenant, ref, to_one
from app.tickets.models.checks import one_of

SHIFT_KINDS = ("duty", "on_call")


class TechnicianProfile(Dated, Tenant):
    """A person's dispatch row. An offer locks it (FOR NO KEY UPDATE) and counts the load again under the lock.

    `cap` is how many orders, offered and held together, somebody may have at a time.
    """

    __tablename__ = "technician_profile"
    __table_args__ = (
        ref("person", "person_id"),
        CheckConstraint("cap >= 0", name="cap"),
        UniqueConstraint("institution_id", "person_id", name="uq_technician_profile_person"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    cap: Mapped[int] = mapped_column(default=8)
    last_offer_at: Mapped[datetime | None]

    person = to_one("TechnicianProfile.person_id", "Person")


class TechnicianTrade(Dated, Tenant):
    """A trade of a technician, with level 1 (helper) to 3 (master)."""

    __tablename__ = "technician_trade"
    __table_args__ = (
        ref("person", "person_id"),
        ref("trade", "trade_id"),
        CheckConstraint("level BETWEEN 1 AND 3", name="level"),
        UniqueConstraint("institution_id", "person_id", "trade_id", name="uq_technician_trade"),
        Index("ix_technician_trade_trade", "institution_id", "trade_id", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    trade_id: Mapped[int] = mapped_column(BigInteger)
    level: Mapped[int] = mapped_column(Small, default=2)


class TechnicianZone(Dated, Tenant):
    """A place (campus, zone, building …) with everything below it in which a technician works."""

    __tablename__ = "technician_zone"
    __table_args__ = (
        ref("person", "person_id"),
        ref("place", "place_id"),
        UniqueConstraint("institution_id", "person_id", "place_id", name="uq_technician_zone"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    place_id: Mapped[int] = mapped_column(BigInteger)


class Shift(Dated, Tenant):
    """A shift of every week, in wall-clock times of the campus's zone (`rules.shifts.WeeklyShift`).

    `weekday` 0 is Monday, the day it begins on; `ends` at or before `starts` means the next day, so 00:00–00:00 is
    the whole day. Valid for beginnings from `valid_from` until before `valid_to`; shifts that touch count as one.
    """

    __tablename__ = "shift"
    __table_args__ = (
        ref("person", "person_id"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint(one_of("kind", SHIFT_KINDS), name="kind"),
        Index("ix_shift_person", "institution_id", "person_id", "weekday"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    weekday: Mapped[int] = mapped_column(Small)
    starts: Mapped[time] = mapped_column(Time)
    ends: Mapped[time] = mapped_column(Time)
    kind: Mapped[str] = mapped_column(default="duty")


class Absence(Tenant):
    """A person is away; an absence is never overridden (N2)."""

    __tablename__ = "absence"
    __table_args__ = (
        ref("person", "person_id"),
        CheckConstraint("starts_at < ends_at", name="order"),
        Index("ix_absence_person", "institution_id", "person_id", "ends_at"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str | None]


class DutyRoster(Tenant):
    """Who leads a trade on a campus in a time; null campus or trade: all. Nobody: the fallback role answers."""

    __tablename__ = "duty_roster"
    __table_args__ = (
        ref("place", "campus_id"),
        ref("trade", "trade_id"),
        ref("person", "person_id"),
        CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name="order"),
        Index("ix_duty_roster_person", "institution_id", "person_id"),
    )

    campus_id: Mapped[int | None] = mapped_column(BigInteger)
    trade_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
