"""The oracle of working time: looks at every minute by itself and counts (tickets-rules 9, 10, 12, 13).

It shares nothing with `app.sites.rules` but the shape of a calendar: the clock on the wall is asked of `zoneinfo` for
each UTC minute, the hours of its date are read from the calendar's parts in the order of rule 13.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.sites.rules.calendars import (
    Calendar,
    DayKind,
    Hours,
    Override,
    OverrideKind,
    Season,
    SpecialDay,
    Week,
    joined,
)


class Minutes:
    """Which of the minutes from `first` on work, one by one, and what that makes of spans and due times."""

    def __init__(self, calendar: Calendar, first: int, count: int) -> None:
        self.first = first
        self.dates, clocks = _walls(calendar.zone, first, count)
        worked = {today: _worked(calendar, today) for today in set(self.dates)}
        self.works = bytearray(worked[today][clock] for today, clock in zip(self.dates, clocks, strict=True))

    def between(self, start: int, end: int) -> int:
        return sum(self.works[max(0, start - self.first) : max(0, end - self.first)])

    def due(self, start: int, minutes: int) -> int | None:
        """Walk on until they are used up; None where these minutes do not reach."""
        left, at = minutes, start
        while left > 0:
            if at - self.first >= len(self.works):
                return None
            left -= self.works[at - self.first]
            at += 1
        return at

    def close_of_day(self, start: int, count: int) -> int | None:
        """Close of the count-th worked date after the start's (0: of the same one with 240 minutes left)."""
        today = self.dates[start - self.first]
        last: dict[date, int] = {}
        left_today = 0
        for n, works in enumerate(self.works):
            if works:
                last[self.dates[n]] = self.first + n + 1
                left_today += self.dates[n] == today and self.first + n >= start
        if count == 0:
            if today in last and self.between(start, last[today]) >= 240:
                return last[today]
            count = 1
        after = sorted(day for day in last if day > today)
        return last[after[count - 1]] if len(after) >= count else None


@lru_cache(maxsize=32)
def _walls(zone: str, first: int, count: int) -> tuple[tuple[date, ...], tuple[int, ...]]:
    """Date and minute of the day on the wall, asked of `zoneinfo` for every minute (once: cases share them)."""
    walls = [datetime.fromtimestamp((first + n) * 60, ZoneInfo(zone)) for n in range(count)]
    return tuple(wall.date() for wall in walls), tuple(wall.hour * 60 + wall.minute for wall in walls)


def _worked(calendar: Calendar, today: date) -> bytearray:
    """For each minute the clock on the wall can show on a date, whether it is worked."""
    shown = bytearray(1440)
    for opens, closes in [(0, 1440)] if calendar.always else _hours(calendar, today):
        for clock in range(opens, closes):
            shown[clock] = 1
    return shown


def _hours(calendar: Calendar, today: date) -> Hours:
    week: Week = calendar.week
    for season in calendar.seasons:
        if season.first <= today <= season.last:
            week = season.week
    if today in calendar.overrides:
        said = calendar.overrides[today]
        return {"closed": (), "hours": said.hours, "weekday": week[said.weekday]}[said.kind.value]
    if today in calendar.days:
        day = calendar.days[today]
        return () if day.kind is DayKind.HOLIDAY else week[day.weekday]
    return week[today.weekday()]


# calendars drawn at random

ZONES = (
    "Asia/Shanghai",
    "Europe/London",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Africa/Cairo",  # changes at midnight
    "UTC",
)


def random_hours(chance: random.Random) -> Hours:
    """None, one to three intervals of a day: lunch breaks, nights, odd minutes."""
    kind = chance.random()
    if kind < 0.15:
        return ()
    if kind < 0.55:
        return ((480, 720), (840, 1080))
    if kind < 0.65:
        return ((0, 1440),)
    points = sorted(chance.sample(range(1441), 2 * chance.randint(1, 3)))
    return joined(zip(points[::2], points[1::2], strict=True))


def random_week(chance: random.Random) -> Week:
    weekdays = random_hours(chance)
    one, two, three, four, five = (random_hours(chance) if chance.random() < 0.2 else weekdays for _ in range(5))
    six, seven = (random_hours(chance) if chance.random() < 0.3 else () for _ in range(2))
    return one, two, three, four, five, six, seven


def random_calendar(chance: random.Random, first: date, days: int, zone: str | None = None) -> Calendar:
    """A calendar with something special in the `days` from `first` on: seasons, 调休, closed and odd dates."""
    if chance.random() < 0.06:
        return Calendar(zone=zone or chance.choice(ZONES), always=True)
    ahead = [first + timedelta(days=n) for n in range(days)]
    seasons = []
    if chance.random() < 0.5:
        cuts = sorted(chance.sample(range(days), 4))
        for start, end in (cuts[:2], cuts[2:]):
            if chance.random() < 0.7:
                seasons.append(Season(first=ahead[start], last=ahead[end - 1], week=random_week(chance)))
    special: dict[date, SpecialDay] = {}
    if chance.random() < 0.7:
        begins = chance.randrange(days)
        for day in ahead[begins : begins + chance.randint(1, 8)]:
            special[day] = SpecialDay(kind=DayKind.HOLIDAY)
        for day in chance.sample(ahead, min(2, days)):
            if day.weekday() >= 5 and day not in special:
                special[day] = SpecialDay(kind=DayKind.MAKEUP, weekday=chance.randrange(5))
    overrides: dict[date, Override] = {}
    for day in chance.sample(ahead, chance.choice((0, 0, 1, 2, 4)) if days > 4 else 0):
        kind = chance.choice(list(OverrideKind))
        hours = random_hours(chance) if kind is OverrideKind.HOURS else ()
        overrides[day] = Override(kind=kind, hours=hours, weekday=chance.randrange(7))
    return Calendar(
        zone=zone or chance.choice(ZONES),
        week=random_week(chance),
        seasons=tuple(seasons),
        days=special,
        overrides=overrides,
    )


def at(text: str, zone: str = "UTC") -> int:
    """The minute of a wall-clock time; where the clocks repeat it, the first."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).timestamp() // 60)


def wall(minute: int | None, zone: str) -> str | None:
    """A minute as it stands on the wall."""
    if minute is None:
        return None
    return datetime.fromtimestamp(minute * 60, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


OFFICE: Any = ((480, 720), (840, 1080))
"""08:00–12:00 and 14:00–18:00: lunch is long here."""
OFFICE_WEEK: Week = (OFFICE, OFFICE, OFFICE, OFFICE, OFFICE, (), ())
