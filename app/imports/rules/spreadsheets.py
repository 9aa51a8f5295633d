"""XLSX through calamine, cells written as text the way a person would type them.

The guards of ``workbooks`` come first.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO

import python_calamine

from app.imports.rules.records import Record
from app.imports.rules.unreadable import Unreadable

_EXACT = 10**15
"""Spreadsheets keep 15 digits: from here on a number has lost its tail."""

_MAX_MERGED = 1_000_000


class Book:
    """An opened workbook."""

    def __init__(self, stream: BinaryIO) -> None:
        stream.seek(0)
        try:
            self._book = python_calamine.CalamineWorkbook.from_filelike(stream)
        except (python_calamine.CalamineError, OSError, ValueError):
            raise Unreadable("broken_workbook") from None

    def choose(self, name: str | None) -> str:
        """The sheet asked for, else the first visible one that holds anything."""
        if name is not None:
            if name not in self._book.sheet_names:
                raise Unreadable("no_such_sheet", {"sheet": name[:80]})
            return name
        for found in self.holding():
            return found
        raise Unreadable("empty")

    def holding(self) -> Iterator[str]:
        """The visible sheets that hold anything, in their order."""
        for sheet in self._book.sheets_metadata:
            table = sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
            shown = sheet.visible == python_calamine.SheetVisibleEnum.Visible
            if table and shown and self._sheet(sheet.name).end is not None:
                yield sheet.name

    def records(self, name: str) -> Iterator[Record]:
        """Every row from the sheet's first, blank ones too; a merged area shows its text in each of its cells."""
        sheet = self._sheet(name)
        if sheet.start is None:
            return
        left = [""] * sheet.start[1]
        merged = _Merged(sheet.merged_cell_ranges or [], sheet.end or (0, 0))
        for index, row in enumerate(sheet.iter_rows()):
            cells = left + [as_typed(value) for value in row]
            merged.fill(index, cells)
            yield Record(index + 1, cells)

    def _sheet(self, name: str) -> python_calamine.CalamineSheet:
        try:
            return self._book.get_sheet_by_name(name)
        except (python_calamine.CalamineError, ValueError):
            raise Unreadable("broken_workbook") from None


class _Merged:
    """Merged areas, clipped to the used part of the sheet: the first cell's text holds for all of them."""

    def __init__(self, areas: list[tuple[tuple[int, int], tuple[int, int]]], end: tuple[int, int]) -> None:
        self._starting: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self._open: list[tuple[int, int, int, str]] = []
        budget = _MAX_MERGED
        for (top, left), (below, beside) in areas:
            bottom, right = min(below, end[0]), min(beside, end[1])
            budget -= max(bottom - top + 1, 0) * max(right - left + 1, 0)
            if budget < 0:
                raise Unreadable("workbook_merged", {"limit": _MAX_MERGED})
            if bottom >= top and right >= left:
                self._starting[top].append((left, right, bottom))

    def fill(self, row: int, cells: list[str]) -> None:
        for left, right, bottom in self._starting.get(row, ()):
            self._open.append((left, right, bottom, cells[left]))
        if not self._open:
            return
        for left, right, _bottom, text in self._open:
            stop = min(right + 1, len(cells))
            cells[left:stop] = [text] * (stop - left)
        self._open = [area for area in self._open if area[2] > row]


def as_typed(value: Any) -> str:
    """The text of a cell's value: 1.0 → "1", 2 January 2026 → "2026-01-02".

    Beyond 15 digits scientific, as the sheet shows it.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return number_as_typed(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def number_as_typed(value: float) -> str:
    """Shortest text with the 15 digits a spreadsheet keeps."""
    if value == 0:
        return "0"
    if abs(value) >= _EXACT:
        return f"{value:.14E}"
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return format(Decimal(f"{value:.15g}"), "f")
