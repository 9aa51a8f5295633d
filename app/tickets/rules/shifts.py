"""Shifts and absences as spans of time (tickets-rules 37).

A span is half-open: it holds its first instant and not its last. Shifts are kept as wall-clock times of a weekday in
the campus's zone; they become spans only around the instant that is asked about. A shift may cross midnight, and
shifts that touch count as one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` until before `end`; aware instants."""

    start: datetime
    end: datetime


class ShiftRow(Protocol):
    """A shift as it is kept: of every week on `weekday` (0 Monday), for beginnings from … until before."""

    @property
    def weekday(self) -> int: ...
    @property
    def starts(self) -> time: ...
    @property
    def ends(self) -> time: ...
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


def begins_on(row: ShiftRow, day: date) -> bool:
    """Whether a shift has a beginning on a day."""
    if day.weekday() != row.weekday:
        return False
    return (row.valid_from is None or row.valid_from <= day) and (row.valid_to is None or day < row.valid_to)


def still_counts(row: ShiftRow, today: date) -> bool:
    """Whether a shift has a beginning from today on; one over midnight that began yesterday counts too.

    `queries.technicians` says the same of rows in SQL.
    """
    first = today - timedelta(days=1 if row.ends <= row.starts else 0)
    if row.valid_from is not None:
        first = max(first, row.valid_from)
    following = first + timedelta(days=(row.weekday - first.weekday()) % 7)
    return row.valid_to is None or following < row.valid_to


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyShift:
    """A shift of every week: `weekday` 0 is Monday, the day it begins on.

    `ends` at or before `starts` means the next day, so 22:00–06:00 crosses midnight and 00:00–00:00 is the whole day.
    Valid for beginnings on dates from `valid_from` until before `valid_to`.
    """

    weekday: int
    starts: time
    ends: time
    valid_from: date | None = None
    valid_to: date | None = None

    @classmethod
    def of(cls, row: ShiftRow) -> "WeeklyShift":
        """The shift of a row."""
        return cls(
            weekday=row.weekday,
            starts=row.starts,
            ends=row.ends,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )

    def span(self, day: date, zone: ZoneInfo) -> Span:
        """The shift that begins on `day`, in UTC. Around a change of the clocks the wall clock decides."""
        last = day if self.ends > self.starts else day + timedelta(days=1)
        return Span(
            datetime.combine(day, self.starts, zone).astimezone(UTC),
            datetime.combine(last, self.ends, zone).astimezone(UTC),
        )


def spans_between(shifts: Iterable[WeeklyShift], zone: ZoneInfo, start: datetime, end: datetime) -> tuple[Span, ...]:
    """The time of `shifts` between two instants, as spans that neither overlap nor touch, in order."""
    first = start.astimezone(zone).date() - timedelta(days=2)
    days = (end.astimezone(zone).date() - first).days + 1
    dates = [first + timedelta(days=offset) for offset in range(days)]
    found = (shift.span(day, zone) for shift in shifts for day in dates if begins_on(shift, day))
    clipped = (Span(max(span.start, start), min(span.end, end)) for span in found)
    return merged(span for span in clipped if span.start < span.end)


def without(spans: Iterable[Span], holes: Iterable[Span]) -> tuple[Span, ...]:
    """The time of `spans` that lies in none of `holes`."""
    left = list(merged(spans))
    for hole in merged(holes):
        left = [
            piece
            for span in left
            for piece in (Span(span.start, min(span.end, hole.start)), Span(max(span.start, hole.end), span.end))
            if piece.start < piece.end
        ]
    return tuple(left)


def minutes(spans: Iterable[Span]) -> int:
    """How long they are together, in whole minutes; what overlaps counts once."""
    return int(sum((span.end - span.start).total_seconds() for span in merged(spans)) // 60)


def spans_around(shifts: Iterable[WeeklyShift], zone: ZoneInfo, now: datetime, days: int = 2) -> tuple[Span, ...]:
    """The spans of `shifts` that begin from two dates before `now` to `days` after it, in order of time.

    Two days ahead are enough to see whether a shift ends after an offer.
    """
    today = now.astimezone(zone).date()
    dates = [today + timedelta(days=offset) for offset in range(-2, days + 1)]
    found = [shift.span(day, zone) for shift in shifts for day in dates if begins_on(shift, day)]
    return tuple(sorted(span for span in found if span.start < span.end))


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time as spans that neither overlap nor touch, in order."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def on_duty_until(spans: Iterable[Span], now: datetime) -> datetime | None:
    """The end of the shift that holds `now`, touching shifts counted as one; None: off duty."""
    for span in merged(spans):
        if span.start <= now < span.end:
            return span.end
    return None


def overlaps(span: Span, start: datetime, end: datetime) -> bool:
    """Whether the span and start … end have an instant in common."""
    return span.start < end and start < span.end


def next_beginning(spans: Iterable[Span], now: datetime) -> datetime | None:
    """The next instant after `now` at which a shift begins, touching shifts counted as one; None: none known."""
    return min((span.start for span in merged(spans) if span.start > now), default=None)
