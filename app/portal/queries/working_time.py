"""The working time the clocks of feedback run on: office hours of the campus."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import select

from app.core.db import db
from app.core.i18n import DEFAULT_ZONE
from app.sites.models import Place
from app.sites.rules.calendars import Calendar, Hours, Week
from app.sites.rules.worktime import WorkTime

_DAY: Hours = ((8 * 60, 12 * 60), (14 * 60, 18 * 60))
_WEEK: Week = (_DAY, _DAY, _DAY, _DAY, _DAY, (), ())


def office(campus_id: int | None) -> WorkTime:
    """Office hours of a campus; of the institution's usual zone where none is known."""
    zone = None
    if campus_id is not None:
        zone = db.session.scalar(select(Place.zone_name).where(Place.id == campus_id))
    return _office(zone or DEFAULT_ZONE)


@lru_cache(maxsize=16)
def _office(zone: str) -> WorkTime:
    return WorkTime(Calendar(zone=zone, week=_WEEK))
