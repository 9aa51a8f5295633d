"""When somebody may come: windows a reporter chooses from, on the campus's clock; no capacity is promised.

A window is one or several neighbouring slots of one day. Its order is queued when the window comes near, not before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from app.tickets.rules.messages import gettext_noop


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """What an institution offers: from and until which hour, in steps of minutes, how soon and how many days ahead."""

    first: int = 8
    last: int = 21
    step: int = 120
    lead: int = 120
    days: int = 7


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when, both aware instants."""

    start: datetime
    end: datetime


NOT_OFFERED = gettext_noop("This time is not offered. Choose one of those shown.")
TOO_SOON = gettext_noop("This is too soon. Leave the time open, or choose a later one.")
NOT_FOR_EMERGENCIES = gettext_noop("An emergency is not put off: leave the time open, somebody comes at once.")


def slots(now: datetime, zone: tzinfo, hours: Hours) -> Iterator[Window]:
    """The slots that can be chosen now, in order; a slot that would run beyond the last hour ends with it."""
    today = now.astimezone(zone).date()
    for ahead in range(hours.days):
        for slot in _of_day(today + timedelta(days=ahead), zone, hours):
            if slot.start >= now + timedelta(minutes=hours.lead):
                yield slot


def refused(window: Window, now: datetime, zone: tzinfo, hours: Hours) -> str | None:
    """Why a window cannot be had (a message id); None: it can."""
    day = window.start.astimezone(zone).date()
    today = now.astimezone(zone).date()
    if not 0 <= (day - today).days < hours.days:
        return NOT_OFFERED
    whole = list(_of_day(day, zone, hours))
    starts, ends = {slot.start for slot in whole}, {slot.end for slot in whole}
    if window.start not in starts or window.end not in ends or window.start >= window.end:
        return NOT_OFFERED
    return TOO_SOON if window.start < now + timedelta(minutes=hours.lead) else None


def near(start: datetime | None, now: datetime, lead: int) -> bool:
    """Whether somebody can be sent for a window that starts then (None: at any time); `lead` in minutes."""
    return start is None or now >= start - timedelta(minutes=lead)


def _of_day(day: date, zone: tzinfo, hours: Hours) -> Iterator[Window]:
    minute, last = hours.first * 60, hours.last * 60
    while minute < last:
        until = min(minute + hours.step, last)
        start, end = (_at(day, each, zone) for each in (minute, until))
        if start < end:  # a clock that is set forward may swallow one
            yield Window(start, end)
        minute = until


def _at(day: date, minute: int, zone: tzinfo) -> datetime:
    """The instant of a minute of the day on the wall clock."""
    clock = datetime.combine(day, time(0)) + timedelta(minutes=minute)
    return clock.replace(tzinfo=zone).astimezone(UTC)
