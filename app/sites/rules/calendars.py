"""What a working calendar says: which hours of a local date are worked (tickets-rules 9, 13, 14).

A calendar is the content of one published version, as plain data: weekly hours (several intervals a weekday), dated
seasons with a week of their own, holidays and make-up days, and overrides of single dates. Hours are minutes after
local midnight, half-open: (480, 720) is 08:00 until before 12:00. A night interval is entered on both dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

DAY: Final = 1_440
"""Minutes of a wall-clock day; the last close an interval may have."""

Interval = tuple[int, int]
Hours = tuple[Interval, ...]
Week = tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
"""The hours of Monday to Sunday."""

ALL_DAY: Final[Hours] = ((0, DAY),)
NO_WEEK: Final[Week] = ((), (), (), (), (), (), ())

MONDAY: Final = 0
WEEKEND: Final = frozenset({5, 6})


class DayKind(StrEnum):
    """Why a date is not like its weekday: a day off, or a weekend day worked in exchange (调休)."""

    HOLIDAY = "holiday"
    MAKEUP = "makeup"


class OverrideKind(StrEnum):
    """What an override makes of its date."""

    CLOSED = "closed"
    HOURS = "hours"
    WEEKDAY = "weekday"


class Because(StrEnum):
    """Which part of the calendar decided the hours of a date, the strongest first (13)."""

    ALWAYS = "always"
    OVERRIDE = "override"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"
    SEASON = "season"
    WEEK = "week"


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A dated stretch with weekly hours of its own, both ends inclusive; seasons never overlap (13)."""

    first: date
    last: date
    week: Week
    name: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialDay:
    """A holiday, or a make-up day that is worked as `weekday` of its season (Monday unless said).

    `official` False: estimated, the authority has not announced it yet (14).
    """

    kind: DayKind
    weekday: int = MONDAY
    official: bool = True
    name: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What somebody decided for one date; it wins over everything else (13)."""

    kind: OverrideKind
    hours: Hours = ()
    weekday: int = MONDAY
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """One version of a working calendar. `always`: 24 × 7, every minute counts and nothing else is asked (9)."""

    zone: str
    week: Week = NO_WEEK
    seasons: tuple[Season, ...] = ()
    days: Mapping[date, SpecialDay] = field(default_factory=dict)
    overrides: Mapping[date, Override] = field(default_factory=dict)
    always: bool = False

    def hours(self, on: date) -> Hours:
        """The worked intervals of a local date, in order, none touching another."""
        return self.decided(on)[0]

    def decided(self, on: date) -> tuple[Hours, Because]:
        """The hours of a date and which part of the calendar decided them."""
        if self.always:
            return ALL_DAY, Because.ALWAYS
        override = self.overrides.get(on)
        if override is not None:
            return self._overridden(override, on), Because.OVERRIDE
        day = self.days.get(on)
        if day is not None:
            if day.kind is DayKind.HOLIDAY:
                return (), Because.HOLIDAY
            return self.week_of(on)[day.weekday], Because.MAKEUP
        season = self.season(on)
        if season is not None:
            return season.week[on.weekday()], Because.SEASON
        return self.week[on.weekday()], Because.WEEK

    def season(self, on: date) -> Season | None:
        """The season a date lies in."""
        return next((season for season in self.seasons if season.first <= on <= season.last), None)

    def week_of(self, on: date) -> Week:
        """The weekly hours a date follows: its season's, else the ordinary ones."""
        season = self.season(on)
        return self.week if season is None else season.week

    def _overridden(self, override: Override, on: date) -> Hours:
        if override.kind is OverrideKind.CLOSED:
            return ()
        if override.kind is OverrideKind.HOURS:
            return override.hours
        return self.week_of(on)[override.weekday]


def joined(intervals: Iterable[Interval]) -> Hours:
    """The same minutes as intervals in order that neither overlap nor touch; empty ones dropped.

    Raises ValueError for an interval that leaves its date or ends before it begins.
    """
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if not 0 <= start <= end <= DAY:
            raise ValueError(f"{start}-{end} is no interval of a day")
        if start == end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def overlapping(seasons: Iterable[Season]) -> tuple[Season, Season] | None:
    """Two seasons that share a date, or None: seasons never overlap (13)."""
    ordered = sorted(seasons, key=lambda season: (season.first, season.last))
    for before, after in pairwise(ordered):
        if after.first <= before.last:
            return before, after
    return None


def days_off(holidays: Iterable[date], makeups: Iterable[date]) -> set[date]:
    """The weekend days that belong to a day off: those touching one, directly or over the other weekend day (14).

    A make-up day is worked, so it neither is one nor leads to one.
    """
    worked, off = set(makeups), set(holidays)
    found: set[date] = set()
    waiting = list(off)
    while waiting:
        day = waiting.pop()
        for beside in (day - timedelta(days=1), day + timedelta(days=1)):
            if beside.weekday() in WEEKEND and beside not in worked and beside not in off:
                off.add(beside)
                found.add(beside)
                waiting.append(beside)
    return found
