"""The numbers people read out: R26-000123 for a ticket, W26-000123 for an order, F26-000123 for what somebody said.

One counter per institution, kind and year; the year is that of the filing (opening) date on the campus's own
calendar, so a report in the first hours of New Year's Day is the new year's although UTC still writes the old one.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo


class NumberKind(StrEnum):
    """The letter a number begins with."""

    TICKET = "R"
    ORDER = "W"
    FEEDBACK = "F"


DIGITS: Final = 6
_WRITTEN: Final = re.compile(r"([RWF])\s*(\d{2})\s*-?\s*(\d{6,12})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Number:
    """A number taken apart: its kind, its year (four digits), its place in that year's count from 1."""

    kind: NumberKind
    year: int
    serial: int

    def __str__(self) -> str:
        return format_number(self.kind, self.year, self.serial)


def format_number(kind: NumberKind, year: int, serial: int) -> str:
    """The number as written: two digits of the year, the serial with at least six digits.

    Raises ValueError for a year outside 2000–2099 or a serial below 1.
    """
    if not 2000 <= year <= 2099:
        raise ValueError(f"no number for the year {year}")
    if serial < 1:
        raise ValueError(f"numbers count from 1, not {serial}")
    return f"{kind.value}{year % 100:02d}-{serial:0{DIGITS}d}"


def parse_number(text: str) -> Number | None:
    """The number somebody typed, in any letter case, with or without the hyphen; None if it is none."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or int(found[3]) < 1:
        return None
    return Number(NumberKind(found[1].upper()), 2000 + int(found[2]), int(found[3]))


def as_written(typed: str) -> str | None:
    """What somebody typed, as numbers are written and stored; None if it is none."""
    found = parse_number(typed)
    return None if found is None else str(found)


def numbering_year(at: datetime, zone: str) -> int:
    """The year a thing filed `at` (aware) is counted in: that of the date in the campus's IANA zone.

    Raises ValueError for an instant without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return at.astimezone(ZoneInfo(zone)).year
