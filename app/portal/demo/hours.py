"""The hours of the demo campus: lunch from twelve to two, shorter days in vacations, evenings where asked for.

The north campus keeps hours of its own: it begins earlier, has a shorter lunch and works on Saturday mornings.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.portal.demo import campus
from app.sites.calendars import queries, services
from app.sites.models import Place
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Hours, Season, Week

SUMMER = {"zh-CN": "暑假", "en": "Summer vacation"}
WINTER = {"zh-CN": "寒假", "en": "Winter vacation"}
EXTENDED = {"zh-CN": "延时服务", "en": "Extended hours"}
OF_NORTH = {"zh-CN": "北校区办公时间", "en": "Office hours, north campus"}

_LUNCH: Hours = ((480, 720), (840, 1080))
_SHORT: Hours = ((540, 720), (870, 1020))
_LONG: Hours = ((480, 720), (840, 1080), (1140, 1290))
_EARLY: Hours = ((450, 720), (810, 1050))
_MORNING: Hours = ((510, 720),)
VACATION: Week = (_SHORT, _SHORT, _SHORT, _SHORT, _SHORT, (), ())
NORTH_WEEK: Week = (_EARLY, _EARLY, _EARLY, _EARLY, _EARLY, _MORNING, ())
LONG_WEEK: Week = (_LONG, _LONG, _LONG, _LONG, _LONG, _LUNCH, _LUNCH)


def build(system: Actor, now: datetime) -> None:
    """Calendars of the institution and of its north campus, the seasons of three years around `now`, longer hours."""
    services.ensure(now)
    office = next(row.id for row in queries.calendars() if row.code == "office")
    content = calendar_data.read(queries.in_force(office).content)
    seasons = tuple(season for year in range(now.year - 1, now.year + 2) for season in vacations(year))
    services.publish(office, actor=system, now=now, content=replace(content, seasons=seasons))
    longer = services.create(
        actor=system,
        now=now,
        code="extended",
        name=EXTENDED,
        content=replace(content, week=LONG_WEEK, seasons=seasons),
    )
    services.set_hours(actor=system, now=now, campus_id=None, hours="extended", calendar_id=longer.id)
    north = services.create(
        actor=system,
        now=now,
        code="office-north",
        name=OF_NORTH,
        content=replace(content, week=NORTH_WEEK, seasons=seasons),
    )
    campus_id = db.session.scalars(select(Place.id).where(Place.code == campus.NORTH)).one()
    services.set_hours(actor=system, now=now, campus_id=campus_id, hours="office", calendar_id=north.id)


def vacations(year: int) -> tuple[Season, Season]:
    """Winter and summer of a year."""
    return (
        Season(first=date(year, 1, 18), last=date(year, 2, 24), week=VACATION, name=WINTER),
        Season(first=date(year, 7, 6), last=date(year, 8, 30), week=VACATION, name=SUMMER),
    )
