"""What a new version of a calendar changes, date by date: for the preview before it is published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.sites.rules.calendars import Calendar, Hours


@dataclass(frozen=True, slots=True)
class ChangedDays:
    """A run of dates whose hours change in the same way; both ends inclusive."""

    first: date
    last: date
    before: Hours
    after: Hours


def changed_days(before: Calendar, after: Calendar, first: date, days: int) -> list[ChangedDays]:
    """The dates of `days` from `first` on whose hours differ, neighbours with the same change as one run."""
    found: list[ChangedDays] = []
    for day in _dates(first, days):
        was, will = before.hours(day), after.hours(day)
        if was == will:
            continue
        last = found[-1] if found else None
        if last is not None and last.last == day - timedelta(days=1) and (last.before, last.after) == (was, will):
            found[-1] = ChangedDays(last.first, day, was, will)
        else:
            found.append(ChangedDays(day, day, was, will))
    return found


def _dates(first: date, days: int) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range(days))


def minutes_of(hours: Hours) -> int:
    """Worked minutes of a date's wall clock."""
    return sum(closes - opens for opens, closes in hours)
