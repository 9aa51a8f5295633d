"""The working time the clocks of feedback run on: office hours of the campus (tickets-rules 15)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sqlalchemy import select

from app.core.db import db
from app.core.i18n import DEFAULT_ZONE
from app.sites.calendars import queries as calendars
from app.sites.models import Place
from app.sites.rules.calendars import Calendar, Hours, Week
from app.sites.rules.worktime import WorkTime

_DAY: Hours = ((8 * 60, 12 * 60), (14 * 60, 18 * 60))
_WEEK: Week = (_DAY, _DAY, _DAY, _DAY, _DAY, (), ())


def office(campus_id: int | None) -> WorkTime:
    """Office hours of a campus by the calendar in force; the usual week of its zone where nothing was set up yet."""
    version = calendars.version_of("office", campus_id)
    if version is not None:
        return calendars.work(version)
    zone = None
    if campus_id is not None:
        zone = db.session.scalar(select(Place.zone_name).where(Place.id == campus_id))
    return _office(zone or DEFAULT_ZONE)


def campuses_by(calendar_id: int, campus_ids: Iterable[int | None]) -> list[int | None]:
    """Those of some campuses (None: of no campus) whose office hours a calendar says."""
    return [each for each in campus_ids if _calendar(each) == calendar_id]


def _calendar(campus_id: int | None) -> int | None:
    version = calendars.version_of("office", campus_id)
    return None if version is None else calendars.calendar_of(version)


@lru_cache(maxsize=16)
def _office(zone: str) -> WorkTime:
    return WorkTime(Calendar(zone=zone, week=_WEEK))
