"""From the rows of a file to lines of values: each cell through the rules its column asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from app.core import importing, tables
from app.core.importing import Column, Importer, Line, Reason
from app.imports.models import ImportBatch
from app.imports.rules import cells, dates, documents, reading, sniffing
from app.imports.rules.cells import Bad
from app.imports.services import refused_file

PULSE_EVERY = 1000  # rows between two looks at the clock
_LONGEST_SHOWN = 120
_CODED = (importing.Choice, importing.Sex)
_PLAIN = Column("", "", importing.Text())

Parse = Callable[[str], Any]


@dataclass(slots=True)
class Read:
    """A file's lines, the raw cells of each row by number, and what was left out."""

    lines: list[Line] = field(default_factory=list)
    raw: dict[int, list[str]] = field(default_factory=dict)
    blank: int = 0


def read(stream: BinaryIO, layout: Mapping[str, Any], importer: Importer[Any], pulse: Callable[[int], None]) -> Read:
    """All rows below the headings. Raises Unreadable; `pulse` is told now and then how many rows are done."""
    sniffed = sniffing.Sniffed(
        layout["kind"], encoding=layout["encoding"], delimiter=layout["delimiter"], sheets=tuple(layout["sheets"])
    )
    table = reading.open_table(stream, sniffed, sheet=layout["sheet"])
    header: int = layout["header"]
    plan = _columns(importer, layout["columns"])
    returned = refused_file.comes_back(layout["headings"])
    found = Read()
    for record in table:
        if record.number <= header:
            continue
        row = [tables.unguarded(cell) for cell in record.cells] if returned else record.cells
        found.lines.append(_line(record.number, row, plan))
        found.raw[record.number] = row
        if len(found.lines) % PULSE_EVERY == 0:
            pulse(len(found.lines))
    found.blank = table.blank
    return found


def content_hash(found: Read, batch: ImportBatch, importer: Importer[Any]) -> str:
    """The identity of what the file says, whatever its encoding, format or column order."""
    indexes = [index for _column, index, _parse in _columns(importer, batch.layout["columns"])]
    rows = ((number, [_at(row, index) for index in indexes]) for number, row in found.raw.items())
    return importing.content_hash(batch.kind, batch.extent, rows)


def _columns(importer: Importer[Any], mapping: Mapping[str, int]) -> list[tuple[Column, int, Parse]]:
    return [
        (column, mapping[column.name], parser(column.cell)) for column in importer.columns if column.name in mapping
    ]


def _at(row: Sequence[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _line(number: int, row: Sequence[str], columns: Sequence[tuple[Column, int, Parse]]) -> Line:
    values: dict[str, Any] = {}
    reasons: list[Reason] = []
    for column, index, parse in columns:
        raw = _at(row, index)
        value = parse(raw) if raw else None
        if isinstance(value, Bad):
            reasons.append(Reason(value.code, column.name, shown(column, raw), value.params))
            continue
        values[column.name] = value
        if value is None and column.filled:
            reasons.append(Reason("empty", column.name))
    return Line(number, values, tuple(reasons))


def shown(column: Column, raw: str) -> str:
    """A cell as it may be shown: secret ones by their last four, others shortened."""
    if column.secret:
        return documents.masked(raw.strip()) if raw.strip() else ""
    tidy = "".join(char if char.isprintable() else "\ufffd" for char in raw.strip())
    return tidy if len(tidy) <= _LONGEST_SHOWN else f"{tidy[: _LONGEST_SHOWN - 1]}…"


def as_in_file(why: Reason, row: Sequence[str], layout: Mapping[str, Any], importer: Importer[Any]) -> Reason:
    """A reason with the word of the file where an importer, which knows the entry of a code table alone, names that."""
    coded = any(each.name == why.column and isinstance(each.cell, _CODED) for each in importer.columns)
    if not (coded and why.value):
        return why
    index = layout["columns"].get(why.column)
    return replace(why, value="" if index is None else shown(_PLAIN, _at(row, index)))


def kept_cells(row: Sequence[str], layout: Mapping[str, Any], importer: Importer[Any]) -> list[str]:
    """A refused row as it goes into the file of refused rows: all its cells as they stand, secret ones masked."""
    secret = {layout["columns"].get(each.name): each for each in importer.columns if each.secret}
    return [
        shown(secret[index], cell) if index in secret else cells.kept(cell, limit=tables.LONGEST_CELL)
        for index, cell in enumerate(row[: len(layout["headings"])])
    ]


def _choice(table: Mapping[str, str]) -> Parse:
    folded = {cells.fold_key(key): value for key, value in table.items()}
    return lambda raw: cells.choice(raw, folded)


def parser(cell: importing.Cell) -> Parse:
    """The rule for a kind of cell."""
    return _PARSERS[type(cell)](cell)


_PARSERS: dict[type, Callable[[Any], Parse]] = {
    importing.Text: lambda cell: lambda raw: cells.text(raw, limit=cell.limit),
    importing.Name: lambda cell: lambda raw: cells.name(raw, limit=cell.limit),
    importing.Code: lambda cell: lambda raw: cells.code(raw, limit=cell.limit),
    importing.Whole: lambda cell: lambda raw: cells.integer(raw, low=cell.low, high=cell.high),
    importing.Number: lambda cell: lambda raw: cells.decimal(raw, low=cell.low, high=cell.high, places=cell.places),
    importing.Day: lambda _cell: dates.date,
    importing.Choice: lambda cell: _choice(cell.table),
    importing.Sex: lambda _cell: _choice(cells.SEX),
    importing.Phone: lambda _cell: cells.phone,
    importing.Email: lambda _cell: cells.email,
    importing.Document: lambda _cell: documents.document,
}
