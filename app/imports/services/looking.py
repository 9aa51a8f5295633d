"""Looking at a file: what it is, where its headings are, which columns it probably has."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from app.core import i18n
from app.core.db import current_institution, db
from app.core.importing import Importer
from app.core.words import LANGUAGES
from app.imports import queries, registry
from app.imports.models import ImportBatch
from app.imports.rules import documents, headings, reading, sniffing
from app.imports.rules.records import Record
from app.imports.rules.unreadable import Unreadable
from app.imports.services import life

_WIDEST = 80
_MOST_COLUMNS = 200
_LOOKS_LIKE_A_DOCUMENT = re.compile(r"[0-9]{14,}[0-9Xx]?")


@dataclass(frozen=True, slots=True)
class Look:
    """The state a look leads to, with the layout or the problem found."""

    state: str
    layout: dict[str, Any]
    problem: dict[str, Any] | None = None


def run(batch_id: int, step: Callable[[], None]) -> None:
    """Look at an uploaded batch; does nothing where it is in another state. `step` ends the transaction so far."""
    batch = db.session.get(ImportBatch, (current_institution(), batch_id))
    if batch is None or batch.state != "uploaded":
        return
    importer, asked = registry.importer(batch.kind), dict(batch.layout)
    stream = queries.file_of(batch_id)
    step()  # reading may take longer than a transaction may idle
    found = look(stream, importer, asked.get("asked_encoding"), asked.get("asked_sheet"))
    batch = life.locked(batch_id)
    if batch.state != "uploaded":
        return
    batch.layout = found.layout
    if found.state == "mapping":
        batch.layout = {**found.layout, **propose(importer, found.layout)}
    life.move(batch, found.state, problem=found.problem)
    if found.state == "failed":
        life.settle(batch)


def look(stream: BinaryIO | None, importer: Importer[Any], encoding: str | None, sheet: str | None) -> Look:
    """Judge a file and find its headings."""
    if stream is None:
        return Look("failed", {}, {"code": "file_gone", "params": {}})
    with stream:
        return _judge(stream, importer, encoding, sheet)


def _judge(stream: BinaryIO, importer: Importer[Any], encoding: str | None, sheet: str | None) -> Look:
    try:
        sniffed = sniffing.sniff(stream, encoding)
        if sniffed.must_ask:
            return Look("asking", _candidates(sniffed.candidates))
        table = reading.open_table(stream, sniffed, sheet=sheet)
        first = table.first(headings.LOOK_AT)
    except Unreadable as problem:
        if encoding is not None and problem.code == "undecodable":  # a wrong guess costs no second upload
            told = {"code": "wrong_encoding", "params": problem.params}
            return Look("asking", _candidates(sniffing.choices(stream)), told)
        return Look("failed", {}, {"code": problem.code, "params": problem.params})
    if not first:
        return Look("failed", {}, {"code": "empty", "params": {}})
    columns = known_columns(importer)
    header = headings.detect_header(first, columns)
    if header is None and sheet is None and (found := _with_headings(stream, sniffed, columns)) is not None:
        table, first, header = found
    return Look(
        "mapping",
        {
            "kind": sniffed.kind,
            "encoding": sniffed.encoding,
            "encoding_chosen": encoding is not None,
            "delimiter": sniffed.delimiter,
            "sheets": list(sniffed.sheets),
            "sheet": table.sheet,
            "rows": [{"number": row.number, "cells": _cells(row)} for row in first],
            "header": header.number if header else None,
        },
    )


def _candidates(previews: Sequence[sniffing.Preview]) -> dict[str, Any]:
    shown = [{"encoding": each.encoding, "lines": [_shown(line) for line in each.lines]} for each in previews]
    return {"candidates": shown}


def _with_headings(
    stream: BinaryIO, sniffed: sniffing.Sniffed, columns: list[_Known]
) -> tuple[reading.Table, list[Record], headings.Header] | None:
    """The first further sheet in which the headings are found; one that cannot be read is passed over."""
    for table in reading.further_sheets(stream, sniffed):
        with contextlib.suppress(Unreadable):
            first = table.first(headings.LOOK_AT)
            if (header := headings.detect_header(first, columns)) is not None:
                return table, first, header
    return None


@dataclass(frozen=True, slots=True)
class _Known:
    """A column as headings are matched: its aliases and its labels in both languages."""

    name: str
    aliases: tuple[str, ...]
    required: bool


def known_columns(importer: Importer[Any]) -> list[_Known]:
    """The importer's columns; a file made from the empty table is recognised in whichever language it was."""
    labels: dict[str, list[str]] = {column.name: [] for column in importer.columns}
    for tag in LANGUAGES:
        with i18n.speaking(tag):
            for column in importer.columns:
                labels[column.name].append(str(column.label))
    return [_Known(each.name, (*each.aliases, *labels[each.name]), each.required) for each in importer.columns]


def _cells(row: Record) -> list[str]:
    return [_shown(cell) for cell in row.cells[:_MOST_COLUMNS]]


def _shown(text: str) -> str:
    """A piece of the file for the page: short, and no identity number in it."""
    tidy = "".join(char if char.isprintable() else " " for char in text).strip()[:_WIDEST]
    return _LOOKS_LIKE_A_DOCUMENT.sub(lambda found: documents.masked(found[0]), tidy)


def propose(importer: Importer[Any], layout: dict[str, Any], header: int | None = None) -> dict[str, Any]:
    """Headings and mapping for a heading row: as remembered, else by known names.

    By default the row is the one found, else the first whose headings were mapped before: words of the institution's
    own are told once.
    """
    number = layout.get("header") if header is None else header
    signatures = {row["number"]: headings.signature(row["cells"]) for row in layout["rows"] if any(row["cells"])}
    mappings = queries.remembered(importer.kind, signatures.values())
    if number is None:
        number = next((row for row, signature in signatures.items() if signature in mappings), None)
    cells: Sequence[str] = next((row["cells"] for row in layout["rows"] if row["number"] == number), ())
    known = mappings.get(signatures[number]) if number in signatures else None
    found = headings.suggest(cells, known_columns(importer), known)
    return {
        "header": number if cells else None,
        "headings": list(cells),
        "columns": dict(found.columns),
        "remembered": known is not None,
        "doubled": [[name, index] for name, index in found.doubled],
    }
