"""How the dates of a year look in a calendar: what kind of day each is, and those that are not as usual (13, 14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from app.sites.rules.calendar_changes import minutes_of
from app.sites.rules.calendars import Because, Calendar, Hours, OverrideKind


class Look(StrEnum):
    """What kind of day a date is; the last five are not as the ordinary week says."""

    WORKED = "worked"
    OFF = "off"
    SEASON = "season"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"
    CLOSED = "closed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Neighbouring dates that are not as usual for the same reason, both ends inclusive.

    `official` False: estimated (14). `hours` of a season are None: they differ by weekday.
    """

    first: date
    last: date
    look: Look
    hours: Hours | None
    name: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    official: bool = True


def look(calendar: Calendar, on: date) -> Look:
    """What kind of day a date is."""
    hours, because = calendar.decided(on)
    if because is Because.HOLIDAY:
        return Look.HOLIDAY
    if because is Because.MAKEUP:
        return Look.MAKEUP
    if because is Because.OVERRIDE:
        override = calendar.overrides[on]
        return Look.CLOSED if override.kind is OverrideKind.CLOSED or not hours else Look.OTHER
    if not hours:
        return Look.OFF
    return Look.SEASON if because is Because.SEASON else Look.WORKED


def stretches(calendar: Calendar, year: int) -> list[Stretch]:
    """What is not as usual in a year, by date: seasons clipped to it, and runs of single dates."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    found = [
        Stretch(max(season.first, first), min(season.last, last), Look.SEASON, None, season.name)
        for season in calendar.seasons
        if season.first <= last and season.last >= first
    ]
    run: Stretch | None = None
    for on in sorted(on for on in {*calendar.days, *calendar.overrides} if on.year == year):
        one = _single(calendar, on)
        if run is not None and run.last + timedelta(days=1) == on and _same(run, one):
            run = Stretch(run.first, on, run.look, run.hours, run.name, run.note, run.official)
            found[-1] = run
        else:
            run = one
            found.append(one)
    return sorted(found, key=lambda each: (each.first, each.last))


def _single(calendar: Calendar, on: date) -> Stretch:
    override, day = calendar.overrides.get(on), calendar.days.get(on)
    hours = calendar.hours(on)
    if override is not None:
        return Stretch(on, on, look(calendar, on), hours, day.name if day else {}, override.note)
    name, official = ({}, True) if day is None else (day.name, day.official)
    return Stretch(on, on, look(calendar, on), hours, name, "", official)


def _same(run: Stretch, one: Stretch) -> bool:
    before, after = ((each.look, each.hours, dict(each.name), each.note, each.official) for each in (run, one))
    return before == after


def worked(calendar: Calendar, year: int) -> tuple[int, int]:
    """Worked dates of a year, and their minutes by the wall clock."""
    minutes = [minutes_of(calendar.hours(on)) for on in dates(year)]
    return sum(1 for each in minutes if each), sum(minutes)


def dates(year: int) -> Iterator[date]:
    """Every date of a year."""
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
