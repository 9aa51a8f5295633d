"""What an editor does to the content of a calendar (tickets-rules 13, 14); each gives the content it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from app.sites.rules.calendars import Calendar, Override, Season, SpecialDay, Week


def with_week(calendar: Calendar, *, zone: str, always: bool, week: Week) -> Calendar:
    """Another zone, round the clock or not, another ordinary week."""
    return replace(calendar, zone=zone, always=always, week=week)


def with_dates(calendar: Calendar, dates: Iterable[date], made: Override | SpecialDay | None) -> Calendar:
    """Some dates become what is given; a holiday or make-up day ends an override, which would win over it (13).

    None takes back what was decided last: the override of a date, else its holiday or make-up day.
    """
    overrides, days = dict(calendar.overrides), dict(calendar.days)
    for on in dates:
        before = overrides.pop(on, None)
        if isinstance(made, Override):
            overrides[on] = made
        elif made is not None:
            days[on] = made
        elif before is None:
            days.pop(on, None)
    return replace(calendar, days=dict(sorted(days.items())), overrides=dict(sorted(overrides.items())))


def with_season(calendar: Calendar, season: Season, instead_of: int | None = None) -> Calendar:
    """One more season, or one instead of that at a place (from 0); in order of their dates."""
    kept = [each for place, each in enumerate(calendar.seasons) if place != instead_of]
    return replace(calendar, seasons=tuple(sorted([*kept, season], key=lambda each: (each.first, each.last))))


def without_season(calendar: Calendar, place: int) -> Calendar:
    """The season at a place taken out."""
    return replace(calendar, seasons=tuple(each for n, each in enumerate(calendar.seasons) if n != place))


def with_holidays(calendar: Calendar, year: int, found: Mapping[date, SpecialDay]) -> Calendar:
    """The holidays and make-up days of a year filled in anew; overrides and other years stay."""
    kept = {on: each for on, each in calendar.days.items() if on.year != year}
    kept |= {on: each for on, each in found.items() if on.year == year}
    return replace(calendar, days=dict(sorted(kept.items())))
