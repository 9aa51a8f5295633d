"""Dates as campus lists write them. What can be read as two different days is refused."""

from __future__ import annotations

import datetime
import re
import unicodedata

from app.imports.rules.cells import Bad, Parsed, clean

EARLIEST, LATEST = 1900, 2199
"""Years taken."""

_TIME = r"(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?Z?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CHINESE = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})[日号]?")
_DAY_AND_MONTH = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}")
_WITH_TIME = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}[T ]\d{1,2}:\d{2}.*")
_INCOMPLETE = re.compile(r"\d{4}(?:[-/.]?\d{1,2}|年(?:\d{1,2}月?)?)?")
_SERIAL = re.compile(r"[1-9]\d{4}(?:\.0+)?")
_EPOCH = datetime.date(1899, 12, 30)


def date(raw: str) -> Parsed[datetime.date]:
    """ISO, 2026/1/2, 2026.1.2, 20260102, 2026年1月2日, a spreadsheet's day number.

    A time other than midnight is refused.
    """
    value = clean(raw)
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFKC", value)
    if not all(char.isascii() or char in "年月日号" for char in value):
        return Bad("not_a_date")
    value = re.sub(r"\s*(年|月|日|号)\s*", r"\1", value)
    parts = _year_month_day(value)
    if parts is not None:
        return _day(*parts)
    either = _DAY_AND_MONTH.fullmatch(value)
    if either:
        return _either_order(int(either[1]), int(either[3]), int(either[4]))
    if _SERIAL.fullmatch(value):
        return _EPOCH + datetime.timedelta(days=int(value.partition(".")[0]))
    return _refusal(value)


def _year_month_day(value: str) -> tuple[int, int, int] | None:
    match = _YEAR_FIRST.fullmatch(value)
    if match:
        return int(match[1]), int(match[3]), int(match[4])
    match = _COMPACT.fullmatch(value) or _CHINESE.fullmatch(value)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _either_order(first: int, second: int, year: int) -> datetime.date | Bad:
    """Day and month without a year in front: taken only where one order is no date, or both are the same day."""
    day_first, month_first = _day(year, second, first), _day(year, first, second)
    if isinstance(day_first, Bad):
        return month_first
    if isinstance(month_first, Bad) or day_first == month_first:
        return day_first
    return Bad("ambiguous_date", {"one": day_first.isoformat(), "other": month_first.isoformat()})


def _day(year: int, month: int, day: int) -> datetime.date | Bad:
    if not EARLIEST <= year <= LATEST:
        return Bad("year_out_of_range", {"low": EARLIEST, "high": LATEST})
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return Bad("no_such_day")


def _refusal(value: str) -> Bad:
    if _WITH_TIME.fullmatch(value):
        return Bad("time_in_date")
    if _INCOMPLETE.fullmatch(value):
        return Bad("incomplete_date")
    return Bad("not_a_date")
