"""Is this ZIP a workbook that can be opened without harm? Looked at before any spreadsheet reader touches it.

Guards (each a refusal that names the limit): at most 200 entries, 50 MB inflated, 100 times the packed size, and a
table area that fits memory: one cell in the last corner of a sheet makes a reader reserve seventeen thousand million
cells. What a file says about its own size (dimension tags, sizes in the ZIP directory) is not believed; everything is
counted while inflating.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from app.imports.rules.unreadable import Unreadable

MAX_ENTRIES = 200
MAX_INFLATED = 50 * 1024 * 1024
MAX_RATIO = 100
MAX_AREA = 12_000_000
"""Rows times columns of the used area of one sheet."""

_RATIO_FROM = 1024 * 1024  # small files may pack better than the ratio without being a bomb
_CHUNK = 256 * 1024
_OVERLAP = 256
_WORKBOOK = "xl/workbook.xml"
_CELL = re.compile(rb"""<(?:\w+:)?c\s[^<>]*?\br=["']([A-Z]{1,3})([0-9]{1,7})["'][^<>]*(?<!/)>(?!</)""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s[^<>]*?\br=["']([0-9]{1,7})["'][^<>]*(?<!/)>""")
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?=[\s>])(?![^<>]*\br=)[^<>]*(?<!/)>")
_MOST_COLUMNS = 16_384


@dataclass(slots=True)
class _Extent:
    """The used area of one part: the furthest cell that holds something, and cells that do not say where they stand."""

    rows: int = 0
    columns: int = 0
    last_row: int = 0
    unplaced: int = 0

    def look(self, window: bytes) -> None:
        for cell in _CELL.finditer(window):
            column = 0
            for letter in cell[1]:
                column = column * 26 + letter - 64
            self.columns = max(self.columns, column)
            self.rows = max(self.rows, int(cell[2]))
        for row in _ROW.finditer(window):
            self.last_row = max(self.last_row, int(row[1]))
        self.unplaced += sum(1 for _ in _UNPLACED.finditer(window))

    def check(self) -> None:
        """Cells without an address take the next column of their row, so their number bounds the width."""
        rows, columns = self.rows, self.columns
        if self.unplaced:
            rows = max(rows, self.last_row)
            columns = max(columns, min(self.unplaced, _MOST_COLUMNS) if rows * self.unplaced > MAX_AREA else 1)
        if rows * columns > MAX_AREA:
            raise Unreadable("workbook_area", {"rows": rows, "columns": columns})


def inspect(stream: BinaryIO) -> tuple[str, ...]:
    """Names of the sheets in their order.

    Raises :class:`Unreadable` for anything that is no harmless .xlsx workbook.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            names = _check_directory(archive)
            packed = stream.seek(0, 2)
            _check_inflated(archive, packed)
            return _sheets(archive.read(names[_WORKBOOK.casefold()]))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError, KeyError) as error:
        raise Unreadable("broken_workbook") from error
    except RuntimeError as error:  # zipfile says so for entries behind a password
        raise Unreadable("encrypted") from error


def _check_directory(archive: zipfile.ZipFile) -> dict[str, str]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Unreadable("workbook_entries", {"entries": len(entries), "limit": MAX_ENTRIES})
    names = {entry.filename.casefold(): entry.filename for entry in entries}
    if _WORKBOOK not in names:
        raise Unreadable(_foreign_package(names))
    return names


def _foreign_package(names: dict[str, str]) -> str:
    if "xl/workbook.bin" in names:
        return "binary_workbook"
    if "content.xml" in names and "mimetype" in names:
        return "open_document"
    return "not_a_workbook"


def _check_inflated(archive: zipfile.ZipFile, packed: int) -> None:
    total = 0
    for entry in archive.infolist():
        extent = _Extent()
        tail = b""
        with archive.open(entry) as part:
            while chunk := part.read(_CHUNK):
                total += len(chunk)
                if total > MAX_INFLATED:
                    raise Unreadable("workbook_inflated", {"limit": MAX_INFLATED // 2**20})
                if b"\x00" in chunk and entry.filename.casefold().endswith((".xml", ".rels")):
                    raise Unreadable("broken_workbook")  # UTF-16 would hide the cells from this look
                window = tail + chunk
                extent.look(window)
                tail = window[-_OVERLAP:]
        extent.check()
    if total > _RATIO_FROM and total > packed * MAX_RATIO:
        raise Unreadable("workbook_ratio", {"ratio": total // max(packed, 1), "limit": MAX_RATIO})


def _sheets(workbook: bytes) -> tuple[str, ...]:
    """Sheet names in order. Entities are refused: a workbook needs none of its own."""
    names: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheet" and "name" in attributes:
            names.append(attributes["name"])

    def entity(*_declaration: object) -> None:
        raise Unreadable("broken_workbook")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(workbook, True)
    except expat.ExpatError as error:
        raise Unreadable("broken_workbook") from error
    if not names:
        raise Unreadable("empty")
    return tuple(names)
