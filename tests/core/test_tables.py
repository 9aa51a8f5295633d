"""Tables to take away: read back by a reader that is not ours, free of formulas."""

from __future__ import annotations

import csv
import io
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from app.core import tables

ROWS: list[list[tables.Cell]] = [["李师傅", 12, 1.5, None], ["=1+1", 0, -2.25, "007"]]
HEADINGS = ["Name", "-n", "x", "code"]


def test_csv_opens_in_chinese_and_runs_nothing() -> None:
    with tables.written("csv", HEADINGS, ROWS, "T") as file:
        raw = file.read()
    assert raw.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert read == [["Name", "'-n", "x", "code"], ["李师傅", "12", "1.5", ""], ["'=1+1", "0", "-2.25", "007"]]


def test_xlsx_keeps_text_text_and_figures_figures() -> None:
    with tables.written("xlsx", HEADINGS, ROWS, "名" * 40) as file:
        book = CalamineWorkbook.from_filelike(cast(io.BytesIO, file))
    assert book.sheet_names == ["名" * tables.SHEET_NAME]
    read = book.get_sheet_by_index(0).to_python()
    assert read[1:] == [["李师傅", 12.0, 1.5, ""], ["=1+1", 0.0, -2.25, "007"]]


@pytest.mark.parametrize("cell", ["=x", "+1", "-1", "@x", "\tx", "\rx"])
def test_what_a_spreadsheet_would_run_is_quoted(cell: str) -> None:
    assert tables.inert(cell) == f"'{cell}"


@given(st.text(alphabet="'=+-@\t\ra名", max_size=6))
def test_what_is_told_apart_comes_back_whether_it_was_quoted_or_not(cell: str) -> None:
    told = tables.told_apart(cell)
    assert tables.unguarded(told) == cell
    assert tables.unguarded(str(tables.inert(told))) == cell


@pytest.mark.parametrize("cell", [-1, 1.5, None, "x-1", ""])
def test_everything_else_stays(cell: tables.Cell) -> None:
    assert tables.inert(cell) == cell
