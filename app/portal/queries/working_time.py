"""The working time the clocks of feedback run on: office hours of the campus (tickets-rules 15)."""

from __future__ import annotations

from collections.abc import Iterable

from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import WorkTime


def office(campus_id: int | None) -> WorkTime | None:
    """Office hours of a campus by the calendar in force; None where the institution has none yet."""
    return calendars.work_of("office", campus_id)


def campuses_by(calendar_id: int, campus_ids: Iterable[int | None]) -> list[int | None]:
    """Those of some campuses (None: of no campus) whose office hours a calendar says."""
    return [each for each in campus_ids if _calendar(each) == calendar_id]


def _calendar(campus_id: int | None) -> int | None:
    version = calendars.version_of("office", campus_id)
    return None if version is None else calendars.calendar_of(version)
