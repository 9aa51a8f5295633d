"""Comma, semicolon, tab and bar separated text, read as a stream; line numbers stay true across quoted line ends."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

from app.imports.rules import delimiters
from app.imports.rules.records import Record
from app.imports.rules.unreadable import Unreadable


class _Lines:
    """The text line by line; the lines of the record being read are kept, to find a quote that is never closed."""

    def __init__(self, text: io.TextIOWrapper, encoding: str) -> None:
        self._text = text
        self._encoding = encoding
        self.number = 0
        self.current: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._text)
        except UnicodeDecodeError:
            raise Unreadable("undecodable", {"encoding": self._encoding, "line": self.number + 1}) from None
        self.number += 1
        self.current.append(line)
        return line


def records(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[Record]:
    """Every record, blank ones too. NUL characters pass (the cell rules refuse them by row and column)."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, errors="strict", newline="")
    try:
        yield from _records(_Lines(text, encoding), delimiter)
    finally:
        text.detach()  # the stream belongs to the caller


def _records(lines: _Lines, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        begins = lines.number + 1
        lines.current.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            raise Unreadable("field_too_long", {"line": begins, "limit": csv.field_size_limit()}) from None
        if cells is None:
            return
        if len(lines.current) > 1 or lines.current[0].count('"') % 2:
            _refuse_open_quote(lines.current, delimiter, begins)
        if begins == 1:
            if delimiters.declared_in("".join(lines.current)):
                continue
            cells = [cell.lstrip("\ufeff") for cell in cells[:1]] + cells[1:]
        yield Record(begins, cells)


def _refuse_open_quote(lines: list[str], delimiter: str, begins: int) -> None:
    """A quote that is never closed would swallow the rest of the file into one cell."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise Unreadable("open_quote", {"line": begins}) from None
