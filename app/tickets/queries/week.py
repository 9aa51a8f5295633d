"""The week grid: shifts and absences of some people around seven days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.core.db import begun_by, db, not_over
from app.tickets.models import Absence, Shift
from app.tickets.rules import week_plan
from app.tickets.rules.shifts import Span, WeeklyShift, minutes, spans_between, without
from app.tickets.rules.week_plan import DayPlan

ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class PersonWeek:
    """What is kept of one person: rows of shifts and of absences."""

    shifts: list[Any] = field(default_factory=list)
    absences: list[Any] = field(default_factory=list)

    def plan(self, day: date, zone: ZoneInfo) -> DayPlan:
        """What is planned for a day of the campus."""
        return week_plan.planned(self.shifts, day, away=self.away(day, zone))

    def away(self, day: date, zone: ZoneInfo) -> bool:
        """Whether he is away all day."""
        return any(_covers(row, whole(day, zone)) for row in self.absences)

    def partly(self, day: date, zone: ZoneInfo) -> list[Any]:
        """The absences that take only a part of the day."""
        span = whole(day, zone)
        return [
            row
            for row in self.absences
            if row.starts_at < span.end and span.start < row.ends_at and not _covers(row, span)
        ]

    def duty_hours(self, first: date, last: date, zone: ZoneInfo) -> float:
        """Hours on duty between two days, both inclusive, without those he is away."""
        duty = [WeeklyShift.of(row) for row in self.shifts if row.kind == week_plan.DUTY]
        away = [Span(row.starts_at, row.ends_at) for row in self.absences]
        spans = spans_between(duty, zone, whole(first, zone).start, whole(last, zone).end)
        return minutes(without(spans, away)) / 60


def whole(day: date, zone: ZoneInfo) -> Span:
    """A day of the campus from midnight to midnight, 23 to 25 hours long."""
    return Span(datetime.combine(day, time(0), zone), datetime.combine(day + ONE_DAY, time(0), zone))


def _covers(row: Any, span: Span) -> bool:
    return bool(row.starts_at <= span.start and span.end <= row.ends_at)


def around(person_ids: Sequence[int], first: date, last: date, zone: ZoneInfo) -> dict[int, PersonWeek]:
    """Shifts with a beginning between two days and absences that touch them, by person. Two statements."""
    found: defaultdict[int, PersonWeek] = defaultdict(PersonWeek)
    for shift in db.session.scalars(
        select(Shift)
        .where(
            Shift.person_id.in_(person_ids),
            not_over(Shift, first),
            begun_by(Shift, last),
        )
        .order_by(Shift.starts, Shift.id)
    ):
        found[shift.person_id].shifts.append(shift)
    for absence in db.session.scalars(
        select(Absence)
        .where(
            Absence.person_id.in_(person_ids),
            Absence.ends_at > whole(first, zone).start,
            Absence.starts_at < whole(last, zone).end,
        )
        .order_by(Absence.starts_at, Absence.id)
    ):
        found[absence.person_id].absences.append(absence)
    return found
