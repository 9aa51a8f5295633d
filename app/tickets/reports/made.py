"""What a row behind a figure is made of: the columns that list, file and API of a figure have of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import i18n, tables
from app.tickets.rules.figures import Figure

NOTHING: Final = "–"


class Sort(StrEnum):
    """What a column holds."""

    INSTANT = "instant"
    INSTANTS = "instants"
    NUMBER = "number"
    ANSWER = "answer"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the query and the API, its heading, what it holds, and the words of its codes."""

    name: str
    heading: Any
    sort: Sort
    words: dict[str, Any] | None = None


_CLOCK = (Column("began", _l("Counted from"), Sort.INSTANT), Column("due", _l("Due"), Sort.INSTANT))
_VISITS = Column("visits", _l("Number of visits"), Sort.NUMBER)
_NOT_FIXED = Column("not_fixed", _l("Called not fixed"), Sort.ANSWER)
_ENDINGS = {
    "confirm": _l("the reporter"),
    "accept_third": _l("whoever accepts the work"),
    "default": _l("default, after seven days"),
}
_WAYS = {"file": _l("filed"), "join": _l("joined another"), "merge": _l("filed, then merged")}
_ORIGINS = {"web": _l("Web page"), "qr": _l("QR sticker"), "api": _l("Another system")}
COLUMNS: Final[dict[Figure, tuple[Column, ...]]] = {
    Figure.RESPOND: _CLOCK,
    Figure.DISPATCH: _CLOCK,
    Figure.ARRIVE: _CLOCK,
    Figure.RESTORE: _CLOCK,
    Figure.MTTR: _CLOCK,
    Figure.TOTAL: (Column("began", _l("Filed"), Sort.INSTANT),),
    Figure.FIRST_TIME: (_VISITS, _NOT_FIXED),
    Figure.IN_VAIN: (_VISITS, Column("trips", _l("Trips in vain"), Sort.NUMBER)),
    Figure.PROMISES: (
        Column("told", _l("Told on"), Sort.INSTANTS),
        Column("promised", _l("Promised by"), Sort.INSTANTS),
        _NOT_FIXED,
    ),
    Figure.SATISFACTION: (
        Column("quality", _l("Quality"), Sort.NUMBER),
        Column("speed", _l("Speed"), Sort.NUMBER),
        Column("manner", _l("Manner"), Sort.NUMBER),
    ),
    Figure.REOPENED: (Column("said_at", _l("Called not fixed"), Sort.INSTANT),),
    Figure.BY_DEFAULT: (Column("ending", _l("Closed by"), Sort.CODE, _ENDINGS),),
    Figure.FILED: (Column("origin", _l("Came by"), Sort.CODE, _ORIGINS),),
    Figure.DUPLICATES: (Column("way", _l("Which way"), Sort.CODE, _WAYS),),
    Figure.REASSIGNED: (
        Column("given_back", _l("Given back"), Sort.NUMBER),
        Column("given_on", _l("Given to somebody else"), Sort.NUMBER),
    ),
    Figure.OFFERS: (
        Column("accepted", _l("Taken"), Sort.NUMBER),
        Column("declined", _l("Declined"), Sort.NUMBER),
        Column("expired", _l("Left unanswered"), Sort.NUMBER),
    ),
}
_DONE = _l("Done")
_RESOLVED = _l("Resolved")
ENDED: Final[dict[Figure, Any]] = {
    Figure.RESPOND: _l("Answered"),
    Figure.DISPATCH: _l("Taken"),
    Figure.ARRIVE: _l("Arrived"),
    Figure.RESTORE: _RESOLVED,
    Figure.MTTR: _RESOLVED,
    Figure.TOTAL: _RESOLVED,
    Figure.FIRST_TIME: _DONE,
    Figure.IN_VAIN: _DONE,
    Figure.PROMISES: _RESOLVED,
    Figure.SATISFACTION: _RESOLVED,
    Figure.REOPENED: _RESOLVED,
    Figure.BY_DEFAULT: _l("Closed"),
    Figure.FILED: _l("Filed"),
    Figure.DUPLICATES: _l("Told"),
    Figure.REASSIGNED: _DONE,
    Figure.OFFERS: _DONE,
}
"""What happened when a row ended, as the heading of its time."""


def _instants(value: Any) -> list[datetime]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def moment(row: Any, value: datetime) -> str:
    """An instant of a row by day and time, on the wall clock of its campus: by that its day is counted."""
    with i18n.in_zone(row.zone):
        return f"{i18n.format_day(value)} {i18n.format_time(value)}"


def plain_moment(row: Any, value: datetime) -> str:
    """The same in a file."""
    return f"{value.astimezone(ZoneInfo(row.zone)):%Y-%m-%d %H:%M}"


def said(column: Column, row: Any) -> list[str]:
    """A cell of the page, line by line: a promise that was moved has a line for each."""
    value = getattr(row, column.name)
    if column.sort in (Sort.INSTANT, Sort.INSTANTS):
        return [moment(row, each) for each in _instants(value)] or [NOTHING]
    return [_SAID[column.sort](column, value)] if value is not None else [NOTHING]


def cell(column: Column, row: Any) -> tables.Cell:
    """A cell of the file: instants on the wall clock, numbers as numbers."""
    value = getattr(row, column.name)
    if column.sort in (Sort.INSTANT, Sort.INSTANTS):
        return ", ".join(plain_moment(row, each) for each in _instants(value)) or None
    if value is None or column.sort is Sort.NUMBER:
        return None if value is None else int(value)
    return _SAID[column.sort](column, value)


def plain(column: Column, row: Any) -> Any:
    """A value of the API: instants in UTC, codes as they are."""
    value = getattr(row, column.name)
    if column.sort is Sort.INSTANTS:
        return [i18n.iso(each) for each in _instants(value)]
    return i18n.iso(value) if column.sort is Sort.INSTANT else value


_SAID: Final[dict[Sort, Callable[[Column, Any], str]]] = {
    Sort.NUMBER: lambda _column, value: i18n.format_number(value),
    Sort.ANSWER: lambda _column, value: _("yes") if value else _("no"),
    Sort.CODE: lambda column, value: str((column.words or {})[value]),
}
