"""The log as a file."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable
from typing import IO, Any

import orjson

from app.audit.models import AuditEntry
from app.core import i18n

MOST = 20_000
IN_MEMORY = 2 * 1024 * 1024  # bytes before the file goes to disk
HEADINGS = (
    "id", "at", "actor_kind", "actor_id", "actor_name", "verb", "object_kind", "object_id", "success", "before",
    "after", "address", "request_id",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(value: Any) -> str:
    """A cell no spreadsheet takes for a formula (reliability.md 1.2.10)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def written(entries: Iterable[AuditEntry]) -> IO[bytes]:
    """The entries as CSV (UTF-8 with BOM, so that spreadsheets read Chinese) in a temporary file, at its beginning."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the answer closes it
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    table = csv.writer(text)
    table.writerow(HEADINGS)
    for entry in entries:
        table.writerow([safe(cell) for cell in _cells(entry)])
    text.flush()
    text.detach()
    file.seek(0)
    return file


def _cells(entry: AuditEntry) -> tuple[Any, ...]:
    return (
        entry.id,
        i18n.iso(entry.at),
        entry.actor_kind,
        entry.actor_id,
        entry.actor_name,
        entry.verb,
        entry.object_kind,
        entry.object_id,
        "yes" if entry.success else "no",
        _json(entry.before),
        _json(entry.after),
        entry.address,
        entry.request_id,
    )


def _json(value: Any) -> str:
    return "" if value is None else orjson.dumps(value).decode()
