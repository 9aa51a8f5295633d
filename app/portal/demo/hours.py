"""The hours of the demo campus: lunch from twelve to two, shorter days in vacations, evenings where asked for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from app.core.actor import Actor
from app.sites.calendars import queries, services
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Hours, Season, Week

SUMMER = {"zh-CN": "暑假", "en": "Summer vacation"}
WINTER = {"zh-CN": "寒假", "en": "Winter vacation"}
EXTENDED = {"zh-CN": "延时服务", "en": "Extended hours"}

_LUNCH: Hours = ((480, 720), (840, 1080))
_SHORT: Hours = ((540, 720), (870, 1020))
_LONG: Hours = ((480, 720), (840, 1080), (1140, 1290))
VACATION: Week = (_SHORT, _SHORT, _SHORT, _SHORT, _SHORT, (), ())
LONG_WEEK: Week = (_LONG, _LONG, _LONG, _LONG, _LONG, _LUNCH, _LUNCH)


def build(system: Actor, now: datetime) -> None:
    """Calendars of the institution, the seasons of three years around `now`, and longer hours for who asks for them."""
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


def vacations(year: int) -> tuple[Season, Season]:
    """Winter and summer of a year."""
    return (
        Season(first=date(year, 1, 18), last=date(year, 2, 24), week=VACATION, name=WINTER),
        Season(first=date(year, 7, 6), last=date(year, 8, 30), week=VACATION, name=SUMMER),
    )
