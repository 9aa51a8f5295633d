"""A table as a stream of records: the row's number in the file and its cells as text, whatever the file is.

Rows that hold nothing are left out but counted, so that every row of the file stays accounted for. A number from a
spreadsheet is written as a person would type it ("1", never "1.0"); one too long for a spreadsheet to have kept is
written in scientific notation, which the cell rules refuse by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import BinaryIO

from app.imports.rules import spreadsheets, text_tables
from app.imports.rules.records import Record
from app.imports.rules.sniffing import Sniffed
from app.imports.rules.unreadable import Unreadable

MAX_ROWS = 500_000
"""Rows of one file, headings and blank rows not counted."""

MAX_COLUMNS = 300
_SHEETS_LOOKED_AT = 12  # each look reads a whole sheet


@dataclass(slots=True)
class Table:
    """One sheet of a file; may be iterated again. ``blank`` and ``last`` are complete after an iteration."""

    source: Callable[[], Iterable[Record]]
    sheet: str | None = None
    blank: int = field(default=0, init=False)
    last: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[Record]:
        """Records that hold something; raises :class:`Unreadable` beyond the limits."""
        self.blank = self.last = taken = 0
        for record in self.source():
            self.last = record.number
            if not any(record.cells):
                self.blank += 1
                continue
            taken += 1
            if taken > MAX_ROWS + 1:
                raise Unreadable("too_many_rows", {"limit": MAX_ROWS})
            if len(record.cells) > MAX_COLUMNS and any(record.cells[MAX_COLUMNS:]):
                raise Unreadable("too_many_columns", {"line": record.number, "limit": MAX_COLUMNS})
            yield record

    def first(self, count: int) -> list[Record]:
        """The first records, blank ones left out."""
        return list(islice(iter(self), count))


def open_table(stream: BinaryIO, sniffed: Sniffed, *, sheet: str | None = None) -> Table:
    """The rows of a sniffed file.

    ``sheet`` chooses one by name; without it the first visible sheet that holds anything is taken.
    """
    if sniffed.kind == "xlsx":
        book = spreadsheets.Book(stream)
        name = book.choose(sheet)
        return Table(lambda: book.records(name), sheet=name)
    encoding, delimiter = sniffed.encoding, sniffed.delimiter or ","
    if encoding is None:
        raise Unreadable("encoding_unknown")
    return Table(lambda: text_tables.records(stream, encoding, delimiter))


def further_sheets(stream: BinaryIO, sniffed: Sniffed) -> Iterator[Table]:
    """The tables of a workbook behind the one `open_table` takes: many begin with a sheet that explains."""
    if len(sniffed.sheets) < 2:
        return
    book = spreadsheets.Book(stream)
    for name in islice(book.holding(), 1, _SHEETS_LOOKED_AT):
        yield Table(partial(book.records, name), sheet=name)
