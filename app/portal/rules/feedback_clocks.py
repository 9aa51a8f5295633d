"""The two clocks of feedback: somebody takes it up within one working day, it is answered within three.

They run on the working calendar of its campus like those of tickets (tickets-rules 9, 10, 12): a due time is the close
of the n-th worked date after the day it was said, a reply after the answer starts both anew. Neither ever pauses.

When it is answered is told to its author: that is a promise, which another calendar moves later only (22). When it is
taken up is known to the desk alone and judged by whichever calendar holds (19).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from app.sites.rules.worktime import Days, Target, instant_of, minute_of

RESPOND: Final = Days(1)
ANSWER: Final = Days(3)
SOON: Final = 240
"""Working minutes before the answer is due its handler is reminded."""


class Work(Protocol):
    """The working time of a calendar (`sites.rules.worktime.WorkTime`)."""

    def due(self, start: int, minutes: int) -> int | None: ...
    def minutes(self, start: int, target: Target) -> int | None: ...
    def between(self, start: int, end: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Dues:
    """When each clock is due, and when the handler is reminded; None: the calendar has no time for it."""

    respond: datetime | None
    answer: datetime | None
    remind: datetime | None


def dues(work: Work, start: datetime) -> Dues:
    """The due times of what was said at `start`."""
    begin = minute_of(start)
    answer = _due(work, begin, ANSWER)
    return Dues(_due(work, begin, RESPOND), answer, reminder(work, start, answer))


def reminder(work: Work, start: datetime, answer: datetime | None) -> datetime | None:
    """When the handler of what was said at `start` is reminded, SOON before its answer is due."""
    if answer is None:
        return None
    found = work.due(minute_of(start), max(used(work, start, answer) - SOON, 0))
    return None if found is None else instant_of(found)


def told_later(promised: datetime | None, found: datetime | None) -> datetime | None:
    """The promise under another calendar, which would have it at `found`: later only, and never taken back (22)."""
    return max((due for due in (promised, found) if due is not None), default=None)


def _due(work: Work, begin: int, target: Days) -> datetime | None:
    minutes = work.minutes(begin, target)
    found = None if minutes is None else work.due(begin, minutes)
    return None if found is None else instant_of(found)


def used(work: Work, start: datetime, end: datetime) -> int:
    """Working minutes between two instants."""
    return work.between(minute_of(start), minute_of(end))


def kept(due: datetime | None, stopped: datetime) -> bool:
    """Whether it happened in time: at or before its due minute (8, 10)."""
    return due is None or minute_of(stopped) <= minute_of(due)
