"""The log as a file."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable
from typing import IO, Any

import orjson
from flask_babel import gettext as _

from app.audit import labels
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


def changes(entry: AuditEntry) -> list[tuple[str, str | None, str | None]]:
    """(member, before, after) of an entry, one line each; lists as what was added and taken away."""
    before, after = entry.before or {}, entry.after or {}
    lines: list[tuple[str, str | None, str | None]] = []
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if isinstance(was, list) and isinstance(now, list):
            was, now = [each for each in was if each not in now], [each for each in now if each not in was]
        if (line := (name, _text(name, was), _text(name, now)))[1:] != (None, None):
            lines.append(line)
    return lines


def _text(name: str, value: Any) -> str | None:
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return ", ".join(labels.value(name, each) for each in value)
    if isinstance(value, dict):
        return " / ".join(str(each) for each in value.values())
    return labels.value(name, value)
