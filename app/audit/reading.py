"""Entries of the log as people read them: members, values, objects and people by their names, nothing by its code.

What is stored stays at hand beside it (`Entry.raw`). Names are looked up once for a page: one statement per kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from app.audit import labels
from app.audit.models import AuditEntry
from app.core import i18n, words

Names = Mapping[tuple[str, str], str]
"""What things are called, by kind and number or code."""
Change = tuple[str, str | None, str | None]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry in words. `changes`: member, before, after. `raw`: as it is stored."""

    it: AuditEntry
    verb: str
    object: str
    changes: Sequence[Change]
    raw: str


def read(entries: Iterable[AuditEntry]) -> list[Entry]:
    """The entries of a page in the reader's language."""
    found = list(entries)
    names = names_of(found)
    return [
        Entry(
            it=each,
            verb=labels.verb(each.verb, success=each.success),
            object=_object(each, names),
            changes=[(_member(name, names), was, now) for name, was, now in changes(each, names)],
            raw=_raw(each),
        )
        for each in found
    ]


def changes(entry: AuditEntry, names: Names | None = None) -> list[Change]:
    """(member, before, after) of an entry, one line each; lists as what was added and taken away.

    Before and after are the same of a member that is kept to say what the others are about.
    """
    before, after = entry.before or {}, entry.after or {}
    lines: list[Change] = []
    for name in dict.fromkeys([*before, *after]):
        was, now = before.get(name), after.get(name)
        if isinstance(was, list) and isinstance(now, list):
            was, now = [each for each in was if each not in now], [each for each in now if each not in was]
        if (line := (name, _text(name, was, names or {}), _text(name, now, names or {})))[1:] != (None, None):
            lines.append(line)
    return lines


def names_of(entries: Iterable[AuditEntry]) -> dict[tuple[str, str], str]:
    """The names of what entries are about and mention; at most one statement for each kind of `labels.NAMES`."""
    asked: dict[str, set[str]] = {}
    for entry in entries:
        if entry.object_id is not None:
            asked.setdefault(entry.object_kind, set()).add(str(entry.object_id))
        for members in (entry.before or {}, entry.after or {}):
            for name, value in _all_of(members):
                if name.isdecimal():
                    asked.setdefault(labels.NUMBERED, set()).add(name)
                if name in labels.REFERENCES:
                    given = value if isinstance(value, list) else [value]
                    asked.setdefault(labels.REFERENCES[name], set()).update(str(each) for each in given)
    return {
        (kind, key): called
        for kind, keys in asked.items()
        if kind in labels.NAMES and keys
        for key, called in labels.NAMES[kind](keys).items()
    }


def _all_of(members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members and those inside of them, such as the filters of a view."""
    for name, value in members.items():
        yield name, value
        if isinstance(value, dict):
            yield from _all_of(value)


def _object(entry: AuditEntry, names: Names) -> str:
    kind = labels.kind(entry.object_kind)
    if entry.object_id is None:
        return kind
    called = names.get((entry.object_kind, str(entry.object_id)))
    return f"{kind} {called or entry.object_id}"


def _member(name: str, names: Names) -> str:
    """Of what; a number is that of a place (the walks between buildings)."""
    return names.get((labels.NUMBERED, name)) or labels.field(name)


def _text(name: str, value: Any, names: Names) -> str | None:
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list):
        return i18n.listed(_one(name, each, names) for each in value)
    if isinstance(value, dict):
        return _together(value, names)
    return _one(name, value, names)


def _together(value: Mapping[str, Any], names: Names) -> str:
    """Words in the languages of the product, the reader's first; else each member with its value."""
    if set(value) <= set(words.LANGUAGES):
        mine = value.get(i18n.locale())
        others = [str(text) for tag, text in value.items() if tag != i18n.locale()]
        return " / ".join([str(mine), *others] if mine else others)
    return i18n.listed(f"{labels.field(name)}: {_text(name, each, names) or ''}" for name, each in value.items())


def _one(name: str, value: Any, names: Names) -> str:
    called = names.get((labels.REFERENCES.get(name, ""), str(value)))
    if called is not None:
        return called
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return i18n.format_moment(datetime.fromisoformat(value))
    return labels.value(name, value)


def _raw(entry: AuditEntry) -> str:
    members: dict[str, Any] = {"verb": entry.verb, "object_kind": entry.object_kind, "object_id": entry.object_id}
    members |= {"before": entry.before, "after": entry.after}
    return json.dumps(members, ensure_ascii=False)
