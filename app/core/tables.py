"""Tables as files to take away: CSV that spreadsheets open in Chinese, XLSX without formulas."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, Literal, cast

import xlsxwriter

Format = Literal["xlsx", "csv"]
Cell = str | int | float | None
MIMETYPES: dict[str, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
IN_MEMORY = 4 * 2**20
"""Bytes before a file goes to disk."""
SHEET_NAME = 31
"""The longest name a sheet may have."""
LONGEST_CELL = 32_767
"""Characters of a cell of a workbook; a longer one is not written at all."""
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_LIKE_GUARDED = re.compile(r"^'+[=+\-@\t\r]")


def written(form: Format, headings: Sequence[str], rows: Iterable[Sequence[Cell]], title: str) -> BinaryIO:
    """The table in a temporary file, at its beginning; text stays text, figures figures. `title` names the sheet."""
    out = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - handed to the caller
    if form == "csv":
        text = io.TextIOWrapper(out, encoding="utf-8-sig", newline="", write_through=True)
        writer = csv.writer(text)
        writer.writerow([inert(cell) for cell in headings])
        writer.writerows([inert(cell) for cell in row] for row in rows)
        text.detach()
    else:
        _sheet(out, headings, rows, title)
    out.seek(0)
    return out


def _sheet(out: BinaryIO, headings: Sequence[str], rows: Iterable[Sequence[Cell]], title: str) -> None:
    book = workbook(out, row_by_row=True)
    page = book.add_worksheet(title[:SHEET_NAME])
    bold, as_text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    page.set_column(0, len(headings), 18, as_text)
    page.freeze_panes(1, 0)
    for index, heading in enumerate(headings):
        page.write_string(0, index, heading, bold)
    figure = book.add_format()
    for line, row in enumerate(rows, start=1):
        for index, cell in enumerate(row):
            if isinstance(cell, str):
                page.write_string(line, index, cell, as_text)
            elif cell is not None:
                page.write_number(line, index, cell, figure)
    book.close()


def workbook(out: BinaryIO, *, row_by_row: bool = False) -> Any:
    """An empty workbook in which nothing typed becomes a formula, a link or a number by itself.

    `row_by_row`: a row goes to disk when the next begins, so that a long table needs no more memory than a short one;
    nothing is written above where one is then.
    """
    return xlsxwriter.Workbook(
        out,
        {
            "in_memory": not row_by_row,
            "constant_memory": row_by_row,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )


def inert(cell: Cell) -> Cell:
    """No text of a CSV may run as a formula when a spreadsheet opens it (reliability.md 1.2.10)."""
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def told_apart(cell: str) -> str:
    """A text for a table that will be read again: what only looks like guarded bears one apostrophe more."""
    return f"'{cell}" if _LIKE_GUARDED.match(cell) else cell


def unguarded(cell: str) -> str:
    """A cell of such a table as it was, whether the table was a CSV (`inert`) or a workbook."""
    return cell[1:] if _LIKE_GUARDED.match(cell) else cell
