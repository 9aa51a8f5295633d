"""Who can be offered work: trades, zones, shifts, absences, and the duty roster behind them."""

from __future__ import annotations

from datetime import datetime, time

from sqlalchemy import BigInteger, CheckConstraint, Index, Time, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Dated, Small, Tenant, code_in_force, ref, to_one
from app.core.words import Words
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


class Certificate(Dated, Tenant):
    """A kind of certificate work can demand: work at height, high voltage, pressure vessels …"""

    __tablename__ = "certificate"
    __table_args__ = (code_in_force("certificate"),)

    code: Mapped[str]
    name: Mapped[dict[str, str]] = mapped_column(Words)


class TechnicianCertificate(Dated, Tenant):
    """A certificate somebody holds, until it expires (`valid_to`, exclusive); `number` is what stands on it."""

    __tablename__ = "technician_certificate"
    __table_args__ = (
        ref("person", "person_id"),
        ref("certificate", "certificate_id"),
        Index("ix_technician_certificate_person", "institution_id", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger)
    certificate_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[str | None]


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


class Walk(Tenant):
    """Minutes on foot between two buildings, one row for both ways (tickets-rules 42)."""

    __tablename__ = "walk"
    __table_args__ = (
        ref("place", "one_id"),
        ref("place", "other_id"),
        CheckConstraint("one_id < other_id", name="pair"),
        CheckConstraint("minutes BETWEEN 1 AND 600", name="minutes"),
        UniqueConstraint("institution_id", "one_id", "other_id", name="uq_walk"),
        Index("ix_walk_other", "institution_id", "other_id"),
    )

    one_id: Mapped[int] = mapped_column(BigInteger)
    other_id: Mapped[int] = mapped_column(BigInteger)
    minutes: Mapped[int] = mapped_column(Small)
