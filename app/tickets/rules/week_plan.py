"""A day of somebody's week as one line of text: read, written, and compared with the shifts there are.

`8-12 14-17:30` are two shifts, `22-6` goes over midnight, `0-24` is the whole day, `+18-8` is on call, `x` is away all
day; nothing is a day off. Weekly shifts and those of one day are planned alike: what is planned away of a weekly one
is taken out of that day alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final, Protocol

from app.tickets.rules.messages import gettext_noop
from app.tickets.rules.shifts import ShiftRow, begins_on

DUTY: Final = "duty"
ON_CALL: Final = "on_call"
ONE_DAY: Final = timedelta(days=1)
MOST: Final = 6
"""Shifts somebody can begin on one day."""
LONGEST: Final = 120
"""Characters of a line."""

NOT_UNDERSTOOD: Final = gettext_noop("Write times like 8-12 14-17:30, on call with a plus: +18-8, away: x.")
TOO_MANY: Final = gettext_noop("At most six shifts begin on one day.")
AWAY_OR_HERE: Final = gettext_noop("Somebody who is away has no shift.")

_AWAY: Final = frozenset({"x", "×", "休", "假"})
_TURN: Final = re.compile(r"(\+?)(\d{1,2})(?::([0-5]\d))?[-–~](\d{1,2})(?::([0-5]\d))?", re.ASCII)
_BETWEEN: Final = re.compile(r"[\s,;，；、]+")
_WIDE: Final = str.maketrans("０１２３４５６７８９：－＋ｘＸ～", "0123456789:-+xX~")


class NotUnderstood(ValueError):
    """A line that says nothing; `message` is the message id of what to write instead."""

    def __init__(self, message: str = NOT_UNDERSTOOD) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True, order=True)
class Turn:
    """One shift of a day; `ends` at or before `starts` is the next day."""

    starts: time
    ends: time
    kind: str = DUTY

    @property
    def text(self) -> str:
        """As it is written: `8-17:30`; midnight at the end is 24."""
        return f"{'+' if self.kind == ON_CALL else ''}{_hour(self.starts)}-{_hour(self.ends, end=True)}"


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What is planned for a day."""

    turns: tuple[Turn, ...] = ()
    away: bool = False

    @property
    def text(self) -> str:
        """The line that says it; `read` gives the same plan back."""
        return " ".join([*(["x"] if self.away else []), *(turn.text for turn in self.turns)])


def read(line: str) -> DayPlan:
    """The plan a line says. Raises NotUnderstood."""
    words = [word for word in _BETWEEN.split(line.translate(_WIDE).strip().lower()) if word]
    if len(line) > LONGEST:
        raise NotUnderstood
    away = [word for word in words if word in _AWAY]
    turns = sorted({_turn(word) for word in words if word not in _AWAY})
    if len(turns) > MOST:
        raise NotUnderstood(TOO_MANY)
    if away and turns:
        raise NotUnderstood(AWAY_OR_HERE)
    return DayPlan(tuple(turns), bool(away))


def _turn(word: str) -> Turn:
    found = _TURN.fullmatch(word)
    if found is None:
        raise NotUnderstood
    plus, hour, minute, last_hour, last_minute = found.groups()
    return Turn(_time(hour, minute), _time(last_hour, last_minute), ON_CALL if plus else DUTY)


def _time(hour: str, minute: str | None) -> time:
    """24:00 is midnight."""
    if int(hour) > 24 or (int(hour) == 24 and int(minute or 0)):
        raise NotUnderstood
    return time(int(hour) % 24, int(minute or 0))


def _hour(at: time, *, end: bool = False) -> str:
    if end and at == time(0):
        return "24"
    return f"{at.hour}:{at.minute:02d}" if at.minute else str(at.hour)


class Row(ShiftRow, Protocol):
    """A shift with its kind."""

    @property
    def kind(self) -> str: ...


def turn_of(row: Row) -> Turn:
    """The shift as a turn of a day."""
    return Turn(row.starts, row.ends, row.kind)


def planned(rows: Iterable[Row], day: date, *, away: bool) -> DayPlan:
    """What is planned for a day; the shifts of somebody who is away all day wait behind it and are not said."""
    if away:
        return DayPlan(away=True)
    return DayPlan(tuple(sorted({turn_of(row) for row in rows if begins_on(row, day)})))


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes a day as it is wanted: turns to add, rows whose beginning on that day goes."""

    add: tuple[Turn, ...]
    drop: tuple[Row, ...]


def difference(rows: Sequence[Row], day: date, wanted: DayPlan) -> Difference:
    """What has to change so that `day` is as `wanted`; a day away keeps its weekly shifts, which wait behind it."""
    if wanted.away:
        return Difference((), ())
    here = [row for row in rows if begins_on(row, day)]
    kept = set(wanted.turns)
    drop = tuple(row for row in here if turn_of(row) not in kept)
    add = tuple(turn for turn in wanted.turns if turn not in {turn_of(row) for row in here})
    return Difference(add, drop)


def taken_out(row: Row, day: date) -> tuple[tuple[date | None, date], tuple[date, date | None] | None]:
    """The validity of a row without its beginning on `day`: what is left before it, and after it (None: nothing)."""
    before = (row.valid_from, day)
    last = row.valid_to
    return before, None if last is not None and last <= day + ONE_DAY else (day + ONE_DAY, last)
