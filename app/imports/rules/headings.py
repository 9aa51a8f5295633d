"""Where the headings are, and which column of the file is which column of the importer.

Headings are compared folded: full width to half width, case, spaces, punctuation and what stands in brackets
("学号（必填）" is 学号).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from app.imports.rules.records import Record

LOOK_AT = 10
"""Rows (those that hold something) among which the headings are searched."""

_AT_LEAST = 2
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>|《[^《》]*》")
_IGNORED = re.compile(r"[\s_\-–—*:.,;/\\|'\"`·•、。()\[\]{}【】〔〕<>《》#?!~]+")


class HeadingColumn(Protocol):
    """What is needed of an importer's column here."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> Sequence[str]: ...
    @property
    def required(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Header:
    """The heading row found: its number in the file, its cells, how many columns were recognised."""

    number: int
    cells: tuple[str, ...]
    matched: int


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which file column (index from 0) feeds which importer column; what is left over on either side."""

    columns: Mapping[str, int]
    unused: tuple[int, ...]
    doubled: tuple[tuple[str, int], ...]
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        return not self.missing


@lru_cache(maxsize=4096)
def fold(heading: str) -> str:
    """The heading without what differs between two exports of the same list; brackets and their content gone."""
    flat = unicodedata.normalize("NFKC", heading).casefold()
    while (shorter := _BRACKETS.sub("", flat)) != flat:
        flat = shorter
    return _squeeze(flat)


def _squeeze(text: str) -> str:
    """Normalised, without spaces and punctuation; once more where that lets characters join."""
    while (squeezed := _IGNORED.sub("", unicodedata.normalize("NFKC", text).casefold())) != text:
        text = squeezed
    return text


@lru_cache(maxsize=4096)
def _forms(heading: str) -> tuple[str, ...]:
    """Forms under which a heading may be known: with the words in brackets, and without."""
    whole = _squeeze(heading)
    bare = fold(heading)
    return (whole,) if whole == bare else (whole, bare)


def vocabulary(columns: Iterable[HeadingColumn]) -> dict[str, str]:
    """Folded heading → column name. The column's own name counts as an alias; the first column wins a shared alias."""
    known: dict[str, str] = {}
    for column in columns:
        for alias in (column.name, *column.aliases):
            for form in _forms(alias)[:1]:
                known.setdefault(form, column.name)
    return known


def recognise(heading: str, known: Mapping[str, str]) -> str | None:
    """The importer column this heading means, None where it is not known."""
    for form in _forms(heading):
        if form and form in known:
            return known[form]
    return None


def detect_header(rows: Sequence[Record], columns: Sequence[HeadingColumn]) -> Header | None:
    """The row with the most known headings among the first ten that hold something.

    The earliest of equals; None without any.
    """
    known = vocabulary(columns)
    best: Header | None = None
    for record in rows[:LOOK_AT]:
        found = {name for cell in record.cells if (name := recognise(cell, known))}
        filled = sum(1 for cell in record.cells if cell.strip())
        enough = len(found) >= min(filled, _AT_LEAST)  # one known word may be a value as well
        if found and enough and (best is None or len(found) > best.matched):
            best = Header(record.number, tuple(cell.strip() for cell in record.cells), len(found))
    return best


def suggest(
    header: Sequence[str], columns: Sequence[HeadingColumn], remembered: Mapping[str, int] | None = None
) -> ColumnMap:
    """The mapping remembered for these headings, else by aliases.

    A second heading for the same column is listed as doubled.
    """
    if remembered is not None:
        names = {column.name for column in columns}
        usable = {name: index for name, index in remembered.items() if name in names and 0 <= index < len(header)}
        return arrange(header, columns, usable)
    known = vocabulary(columns)
    chosen: dict[str, int] = {}
    doubled: list[tuple[str, int]] = []
    for index, heading in enumerate(header):
        name = recognise(heading, known)
        if name is None:
            continue
        if name in chosen:
            doubled.append((name, index))
        else:
            chosen[name] = index
    return arrange(header, columns, chosen, tuple(doubled))


def arrange(
    header: Sequence[str],
    columns: Sequence[HeadingColumn],
    chosen: Mapping[str, int],
    doubled: tuple[tuple[str, int], ...] = (),
) -> ColumnMap:
    """A mapping with what it leaves unused in the file and what required columns it lacks."""
    used = set(chosen.values())
    unused = tuple(index for index, heading in enumerate(header) if heading.strip() and index not in used)
    missing = tuple(column.name for column in columns if column.required and column.name not in chosen)
    return ColumnMap(dict(chosen), unused, doubled, missing)


def signature(header: Sequence[str]) -> str:
    """Same headings in the same order → same signature (hex), whatever their spelling details.

    Trailing blanks do not count.
    """
    folded = [fold(heading) for heading in header]
    while folded and not folded[-1]:
        folded.pop()
    return hashlib.sha256("\x1f".join(folded).encode("utf-8", "surrogatepass")).hexdigest()
