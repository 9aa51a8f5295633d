"""Calendars as JSON, and what somebody typed as calendars (tickets-rules 9, 13, 14).

`read` takes what `written` wrote. `checked` is for content from outside: it gives the calendar and what is wrong with
it, by field, as message ids.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from app.sites.rules.calendars import (
    DAY,
    MONDAY,
    Calendar,
    DayKind,
    Hours,
    Override,
    OverrideKind,
    Season,
    SpecialDay,
    Week,
    joined,
    overlapping,
)

MOST_INTERVALS: Final = 6
MOST_SEASONS: Final = 40
MOST_DAYS: Final = 1_000
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100

_TIME: Final = re.compile(r"^(\d{1,2}):(\d{2})$", re.ASCII)
_DASHES: Final = re.compile(r"\s*[-–—~〜～至]\s*")
_BETWEEN: Final = re.compile(r"\s*[,，、;；]\s*|\s+(?=\d)")


class Unreadable(ValueError):
    """Hours that cannot be read; the message names what is wrong by one of the class's constants."""

    FORM = "form"
    ORDER = "order"
    OVERLAP = "overlap"
    MANY = "many"


def read_hours(text: str) -> Hours:
    """Hours as somebody types them: "08:00-12:00, 14:00-18:00"; empty: closed. 24:00 is the end of the day.

    Raises Unreadable.
    """
    normal = text.replace("：", ":").strip()
    if not normal:
        return ()
    found = []
    for part in _BETWEEN.split(_DASHES.sub("-", normal)):
        opens, dash, closes = part.partition("-")
        if not dash:
            raise Unreadable(Unreadable.FORM)
        found.append((_minutes(opens), _minutes(closes)))
    return _apart(found)


def _minutes(clock: str) -> int:
    match = _TIME.match(clock.strip())
    minutes = int(match[1]) * 60 + int(match[2]) if match else DAY + 1
    if match is None or int(match[2]) > 59 or minutes > DAY:
        raise Unreadable(Unreadable.FORM)
    return minutes


def _apart(found: list[tuple[int, int]]) -> Hours:
    if len(found) > MOST_INTERVALS:
        raise Unreadable(Unreadable.MANY)
    if any(closes <= opens for opens, closes in found):
        raise Unreadable(Unreadable.ORDER)
    hours = joined(found)
    if sum(closes - opens for opens, closes in found) != sum(closes - opens for opens, closes in hours):
        raise Unreadable(Unreadable.OVERLAP)
    return hours


def hours_text(hours: Hours) -> str:
    """Hours as `read_hours` takes them."""
    return ", ".join(f"{_clock(opens)}-{_clock(closes)}" for opens, closes in hours)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def written(calendar: Calendar) -> dict[str, Any]:
    """The calendar as JSON."""
    return {
        "zone": calendar.zone,
        "always": calendar.always,
        "week": _written_week(calendar.week),
        "seasons": [
            {
                "name": dict(season.name),
                "from": season.first.isoformat(),
                "to": season.last.isoformat(),
                "week": _written_week(season.week),
            }
            for season in calendar.seasons
        ],
        "days": [
            {
                "on": on.isoformat(),
                "kind": day.kind.value,
                "as": day.weekday,
                "official": day.official,
                "name": dict(day.name),
            }
            for on, day in sorted(calendar.days.items())
        ],
        "overrides": [
            {
                "on": on.isoformat(),
                "kind": override.kind.value,
                "hours": hours_text(override.hours),
                "as": override.weekday,
                "note": override.note,
            }
            for on, override in sorted(calendar.overrides.items())
        ],
    }


def _written_week(week: Week) -> list[str]:
    return [hours_text(hours) for hours in week]


def read(data: Mapping[str, Any]) -> Calendar:
    """The calendar of stored content. Raises KeyError, ValueError for what was never written."""
    return Calendar(
        zone=data["zone"],
        always=data["always"],
        week=_week(data["week"]),
        seasons=tuple(
            Season(
                first=date.fromisoformat(each["from"]),
                last=date.fromisoformat(each["to"]),
                week=_week(each["week"]),
                name=each["name"],
            )
            for each in data["seasons"]
        ),
        days={
            date.fromisoformat(each["on"]): SpecialDay(
                kind=DayKind(each["kind"]),
                weekday=each.get("as", MONDAY),
                official=each.get("official", True),
                name=each.get("name") or {},
            )
            for each in data["days"]
        },
        overrides={
            date.fromisoformat(each["on"]): Override(
                kind=OverrideKind(each["kind"]),
                hours=read_hours(each.get("hours", "")),
                weekday=each.get("as", MONDAY),
                note=each.get("note", ""),
            )
            for each in data["overrides"]
        },
    )


def _week(texts: Iterable[str]) -> Week:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (read_hours(text) for text in texts)
    return monday, tuesday, wednesday, thursday, friday, saturday, sunday


def faults(calendar: Calendar) -> list[tuple[str, str]]:
    """What is wrong with a calendar: (field, code); codes are `zone`, `span`, `overlap`, `many`, `year`, `nothing`."""
    found: list[tuple[str, str]] = []
    if not known_zone(calendar.zone):
        found.append(("zone", "zone"))
    if any(season.last < season.first for season in calendar.seasons):
        found.append(("seasons", "span"))
    elif overlapping(calendar.seasons) is not None:
        found.append(("seasons", "overlap"))
    if len(calendar.seasons) > MOST_SEASONS:
        found.append(("seasons", "many"))
    for name, dates in (("days", calendar.days), ("overrides", calendar.overrides)):
        if len(dates) > MOST_DAYS:
            found.append((name, "many"))
        if any(not FIRST_YEAR <= on.year <= LAST_YEAR for on in dates):
            found.append((name, "year"))
    if any(not FIRST_YEAR <= each.year <= LAST_YEAR for one in calendar.seasons for each in (one.first, one.last)):
        found.append(("seasons", "year"))
    if not calendar.always and not any(calendar.week):
        found.append(("week", "nothing"))
    return found


def known_zone(name: str) -> bool:
    """Whether this is an IANA zone."""
    return name in available_timezones() and bool(ZoneInfo(name).key)
