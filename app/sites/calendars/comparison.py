"""What publishing a draft changes: the dates of the present year and the next, compared with what is in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from app.sites.rules.calendar_changes import ChangedDays, changed_days
from app.sites.rules.calendars import Calendar

YEARS: Final = 3  # the present one and those after it
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Compared:
    """Stretches of dates that are worked differently from `first` to `last`; `left_out`: how many are not listed."""

    first: date
    last: date
    stretches: list[ChangedDays]
    left_out: int
    zones: tuple[str, str] | None


def compared(before: Calendar, after: Calendar, today: date) -> Compared:
    """A draft beside what is in force."""
    first, end = date(today.year, 1, 1), date(today.year + YEARS, 1, 1)
    found = changed_days(before, after, first, (end - first).days)
    zones = (before.zone, after.zone) if before.zone != after.zone else None
    return Compared(first, date(end.year - 1, 12, 31), found[:MOST], max(len(found) - MOST, 0), zones)
