"""Counting working time: how many minutes lie between two instants, and when a number of them is used up.

Instants are whole minutes since 1970-01-01T00:00Z (`minute_of`, seconds cut, tickets-rules 8). A UTC minute works iff
the wall clock of the calendar's zone at its beginning lies in the hours of that local date (9): hours the clocks skip
count nothing, hours they repeat count twice. A calendar version is turned once into a table of the UTC stretches it
works, with the minutes worked before each; every question is then a search in it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.sites.rules.calendars import DAY, Calendar

TEN_YEARS: Final = 3_653
"""How many days ahead working time is looked for (10)."""
ENOUGH_OF_A_DAY: Final = 240
"""Working minutes a date must have left for "the same day" to mean it; else it is the next one (12)."""
QUARTER: Final = 15

_EPOCH: Final = date(1970, 1, 1).toordinal()
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CHUNK: Final = 400  # days the table grows by


def minute_of(instant: datetime) -> int:
    """The minute an aware instant lies in."""
    return int(instant.timestamp() // 60)


def instant_of(minute: int) -> datetime:
    """The beginning of a minute, UTC."""
    return _START + timedelta(minutes=minute)


@dataclass(frozen=True, slots=True)
class Days:
    """A target in working days: close of the n-th worked date after the start's; 0 is the same day (12)."""

    count: int


Target = int | Days
"""Working minutes, or working days."""


@dataclass(frozen=True, slots=True)
class _Offset:
    """A stretch of UTC minutes with one offset of the zone, in seconds east."""

    start: int
    end: int
    seconds: int


class WorkTime:
    """The working minutes of one calendar version.

    Not changed once built, but grown where a question reaches further than the table does; growing twice at once from
    two threads gives the same table twice.
    """

    __slots__ = ("_table", "calendar", "zone")

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.zone = ZoneInfo(calendar.zone)
        self._table: _Table | None = None

    def between(self, start: int, end: int) -> int:
        """Working minutes in [start, end); 0 where end is not after start."""
        if end <= start:
            return 0
        table = self._reaching(start, end)
        return table.before(end) - table.before(start)

    def due(self, start: int, minutes: int) -> int | None:
        """The earliest minute by which `minutes` of working time are used up from `start` (10).

        So the close of a day, not the opening of the next. None: not within ten years.
        """
        if minutes <= 0:
            return start
        end = start + DAY
        last = start + TEN_YEARS * DAY
        while True:
            table = self._reaching(start, min(end, last))
            found = table.reached(table.before(start) + minutes)
            if found is not None:
                return found if found <= last else None
            if end >= last:
                return None
            end = start + 2 * (end - start)

    def back(self, end: int, minutes: int) -> int | None:
        """The earliest minute from which `minutes` of working time are left until `end`; None: not within ten years."""
        start = end - DAY
        first = end - TEN_YEARS * DAY
        while True:
            table = self._reaching(max(start, first), end)
            left = table.before(end) - minutes
            if left > 0 or (left == 0 and minutes == 0):
                found = table.reached(left)
                return None if found is None else max(found, first)
            if start <= first:
                return None
            start = end - 2 * (end - start)

    def minutes(self, start: int, target: Target) -> int | None:
        """A target as working minutes, counted from `start`; None where the days do not come within ten years (12)."""
        if isinstance(target, int):
            return target
        close = self.close_of_day(start, target.count)
        return None if close is None else self.between(start, close)

    def close_of_day(self, start: int, count: int) -> int | None:
        """The close of the `count`-th worked date after the start's; 0: of the same date while it has enough left."""
        first = self.local_date(start)
        last = start + TEN_YEARS * DAY
        if count == 0:
            table = self._reaching(start, start + 2 * DAY)
            close = table.closes.get(first.toordinal())
            if close is not None and self.between(start, close) >= ENOUGH_OF_A_DAY:
                return close
            count = 1
        end = start + (count + 14) * DAY
        while True:
            table = self._reaching(start, min(end, last))
            at = bisect_right(table.worked, first.toordinal()) + count - 1
            if at < len(table.worked):
                return table.closes[table.worked[at]]
            if end >= last:
                return None
            end = start + 2 * (end - start)

    def works_at(self, minute: int) -> bool:
        """Whether a minute works."""
        return self.between(minute, minute + 1) == 1

    def local(self, minute: int) -> datetime:
        """The wall clock of the calendar's zone at a minute."""
        return instant_of(minute).astimezone(self.zone)

    def local_date(self, minute: int) -> date:
        """The local date a minute lies in."""
        return self.local(minute).date()

    def quarter_hour(self, minute: int) -> int:
        """The minute, or the next at which the wall clock shows a quarter-hour (21)."""
        return minute + -self.local(minute).minute % QUARTER

    def _reaching(self, start: int, end: int) -> _Table:
        """The table, grown until it holds both instants with a day to spare."""
        first, last = start // DAY - 2, end // DAY + 2
        table = self._table
        if table is None:
            table = _Table(first - 30, first - 30)
        elif first < table.first:
            table = _Table(first - _CHUNK, first - _CHUNK)
            last = max(last, self._table.last if self._table else last)
        elif last <= table.last:
            return table
        table = table.grown(self, max(last, table.last + _CHUNK))
        self._table = table
        return table


class _Table:
    """Stretches of UTC minutes that work, of the local dates from `first` until before `last` (days since 1970)."""

    __slots__ = ("closes", "ends", "first", "last", "starts", "sums", "worked")

    def __init__(self, first: int, last: int) -> None:
        self.first = first
        self.last = last
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.sums: list[int] = []  # minutes worked until the end of each stretch
        self.worked: list[int] = []  # ordinals of the dates that work, ascending
        self.closes: dict[int, int] = {}  # ordinal → the minute its work ends

    def before(self, minute: int) -> int:
        """Minutes worked before a minute."""
        at = bisect_right(self.starts, minute) - 1
        if at < 0:
            return 0
        return self.sums[at] - max(0, self.ends[at] - minute)

    def reached(self, total: int) -> int | None:
        """The earliest minute before which `total` minutes are worked; None beyond the table."""
        at = bisect_left(self.sums, total)
        if at == len(self.sums):
            return None
        found = self.ends[at] - (self.sums[at] - total)
        return found if found < (self.last - 1) * DAY else None  # the last date may have neighbours not yet here

    def grown(self, work: WorkTime, last: int) -> _Table:
        """A table that reaches further; this one stays as it is for whoever is reading it."""
        table = _Table(self.first, last)
        table.worked, table.closes = list(self.worked), dict(self.closes)
        pieces = list(zip(self.starts, self.ends, strict=True))
        offsets = list(_offsets(work.zone, (self.last - 2) * DAY, (last + 2) * DAY))
        for day in range(self.last, last):
            of_day = list(_stretches(work.calendar, day, offsets))
            if of_day:
                ordinal = day + _EPOCH
                table.worked.append(ordinal)
                table.closes[ordinal] = max(end for _start, end in of_day)
                pieces += of_day
        pieces.sort()  # where the clocks change at midnight, the pieces of two dates may lie between each other
        total = 0
        for start, end in pieces:
            total += end - start
            table.starts.append(start)
            table.ends.append(end)
            table.sums.append(total)
        return table


def _stretches(calendar: Calendar, day: int, offsets: list[_Offset]) -> Iterator[tuple[int, int]]:
    """The UTC stretches a local date works: each interval once per offset the zone has around it."""
    hours = calendar.hours(date.fromordinal(day + _EPOCH))
    if not hours:
        return
    near = [each for each in offsets if each.start < (day + 2) * DAY and (day - 1) * DAY < each.end]
    for opens, closes in hours:
        for offset in near:
            start = max(offset.start, _utc_minute(day * DAY + opens, offset.seconds))
            end = min(offset.end, _utc_minute(day * DAY + closes, offset.seconds))
            if start < end:
                yield start, end


def _utc_minute(wall: int, offset_seconds: int) -> int:
    """The first UTC minute that begins when a clock of this offset shows `wall` (in minutes) or later."""
    return -((offset_seconds - 60 * wall) // 60)


def _offsets(zone: ZoneInfo, start: int, end: int) -> Iterator[_Offset]:
    """The offsets of a zone between two UTC minutes, in order; looked at once a day, changes found to the minute."""
    at, seconds = start, _offset(zone, start)
    day = start
    while day < end:
        after = min(day + DAY, end)
        if _offset(zone, after) != seconds:
            change = _change(zone, day, after)
            yield _Offset(at, change, seconds)
            at, seconds = change, _offset(zone, change)
            day = change  # a second change on the same day is looked for from here
        else:
            day = after
    yield _Offset(at, end, seconds)


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    """The first minute after `low` whose offset is no longer that of `low`; there is one up to `high`."""
    seconds = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle) == seconds:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, minute: int) -> int:
    """Seconds east of UTC at a minute."""
    found = instant_of(minute).astimezone(zone).utcoffset()
    return 0 if found is None else int(found.total_seconds())
