"""A year laid out month by month and week by week, as on a wall; pages fill it with what they know of days."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Mark:
    """What a day is: a tone of css/calendar.css (off, holiday, work, exam, break, more) and its word.

    `url` leads to the day; `sign` is one letter that says in the square what the tone does, `guess`: not certain yet.
    """

    tone: str
    text: str
    url: str | None = None
    sign: str = ""
    guess: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """One square of the calendar."""

    date: date
    mark: Mark | None
    today: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month as rows of seven, Monday first; None before its first and after its last day."""

    first: date
    weeks: tuple[tuple[Day | None, ...], ...]


def year(
    number: int,
    marks: Mapping[date, Mark],
    *,
    today: date | None = None,
    usual: Callable[[date], Mark | None] = lambda _day: None,
    start: int = 1,
) -> tuple[Month, ...]:
    """Return twelve months beginning with month `start` of the year (9: an academic year).

    `marks` names single days; where it is silent, `usual` says what such a day is (a weekend).
    """
    found = []
    for place in range(12):
        later, month = divmod(start - 1 + place, 12)
        first = date(number + later, month + 1, 1)
        weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
        found.append(Month(first, tuple(_week(week, first, marks, usual, today) for week in weeks)))
    return tuple(found)


def _week(
    week: list[date],
    first: date,
    marks: Mapping[date, Mark],
    usual: Callable[[date], Mark | None],
    today: date | None,
) -> tuple[Day | None, ...]:
    return tuple(
        Day(day, marks.get(day) or usual(day), day == today) if day.month == first.month else None for day in week
    )
