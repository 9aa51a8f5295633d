"""Words for what the log says, declared by the area that says it; an unknown slug is shown as it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from app.core import i18n, settings, words
from app.core.db import db

VERBS: dict[str, Any] = {
    "refused": _l("Asked for a page or an act"),
    "audit.export": _l("Exported the log"),
}

TRIED: dict[str, Any] = {}
OBJECTS: dict[str, Any] = {
    "route": _l("Page or act"),
    "audit": _l("Audit log"),
}

MENTIONED: dict[str, Any] = {}
"""Kinds of things entries mention, but are never about."""

FIELDS: dict[str, Any] = {
    "successor_id": _l("What stands in for it"),
    "note": _l("Note"),
    "number": _l("Number"),
    "text": _l("Text"),
    "zone": _l("Zone"),
    "name": _l("Name"),
    "username": _l("Account name"),
    "student_no": _l("Student number"),
    "staff_no": _l("Staff number"),
    "identity_document": _l("Identity document"),
    "email": _l("E-mail"),
    "phone": _l("Telephone"),
    "locale": _l("Language"),
    "lang": _l("Language of the name"),
    "sex": _l("Sex"),
    "valid_to": _l("Until (exclusive)"),
    "place": _l("Place"),
    "unit": _l("Unit"),
    "parent": _l("Below"),
    "role": _l("Role"),
    "scope": _l("Where it holds"),
    "scopes": _l("May"),
    "permissions": _l("Permissions"),
    "staff": _l("Short sessions"),
    "from": _l("From"),
    "to": _l("Until (exclusive)"),
    "code": _l("Code"),
    "kind": _l("Kind"),
    "contractor": _l("Contractor"),
    "person": _l("Person"),
    "session": _l("Session"),
    "days": _l("Days"),
    "by": _l("By"),
    "entries": _l("Entries"),
    "method": _l("Method"),
    "endpoint": _l("Page or act"),
    "path": _l("Path"),
    "value": _l("Value"),
    "reason": _l("Reason"),
    "count": _l("Rows"),
    "written": _l("Rows written"),
    "batch": _l("Import"),
    "file": _l("File"),
    "size": _l("Size in bytes"),
    "sha256": _l("Checksum"),
    "moment": _l("Moment"),
    "owner_kind": _l("Belongs to"),
    "owner_id": _l("Number of what it belongs to"),
    "person_id": _l("Number of the person"),
    "sticker_id": _l("Number of the sticker"),
    "place_ids": _l("Numbers of the places"),
    "replaced": _l("Replaces the one before"),
    "removed": _l("Removed"),
    "ended": _l("Ended"),
    "weekday": _l("Weekday"),
    "starts_at": _l("Begins"),
    "ends_at": _l("Ends"),
    "url": _l("Address"),
    "events": _l("Events"),
    "message_id": _l("Number of the message"),
    "since": _l("From"),
    "until": _l("Up to and including"),
    "actor": _l("Who"),
    "verb": _l("Did what"),
    "object_kind": _l("Kind of object"),
    "object_id": _l("Number of the object"),
    "refused": _l("Refused"),
    "read": _l("Rows read"),
    "new": _l("New"),
    "changed": _l("Changed"),
    "same": _l("Unchanged"),
    "missing": _l("Missing"),
    "password": _l("Password"),
    "cap": _l("Orders at most"),
    "public": _l("Open to everybody"),
    "icon": _l("Picture"),
    "position": _l("Position"),
    "trade": _l("Trade"),
    "emergency": _l("Emergency"),
    "hints": _l("Hints"),
    "enabled": _l("In use"),
    "about": _l("About whom"),
    "added": _l("Added"),
    "handler": _l("Who sees to it"),
    "questions": _l("Questions"),
    "trades": _l("Trades"),
    "version": _l("Version"),
    "weekdays": _l("Weekdays"),
    "title": _l("Title"),
    "body": _l("Text"),
    "became": _l("What it became"),
    "id": _l("Number of what it became"),
    "categories": _l("Categories"),
    "keywords": _l("Words it is found by"),
    "published": _l("Published"),
    "hours": _l("Hours"),
    "purpose": _l("What for"),
    "campus_id": _l("Campus"),
    "places": _l("Places"),
    "roles": _l("Only for"),
    "shown_from": _l("Shown from"),
    "shown_until": _l("Shown until"),
    "utility": _l("What is off"),
    "priority": _l("Priority"),
    "parent_id": _l("Below"),
    "demands": _l("Demands"),
    "reply": _l("Reply at once"),
    "content": _l("Content"),
    "message": _l("Message"),
}
# Values of a field that are slugs themselves, by the field: what makes words of one.
VALUES: dict[str, Callable[[str], str]] = {}
CODES: dict[str, dict[str, Any]] = {
    "by": {"self": _l("themselves"), "other": _l("somebody else")},
    "method": {
        "GET": _l("read"),
        "HEAD": _l("read"),
        "POST": _l("sent"),
        "PUT": _l("replaced"),
        "PATCH": _l("changed"),
        "DELETE": _l("deleted"),
    },
    "moment": {
        "report": _l("With the report"),
        "before": _l("Before the work"),
        "after": _l("After the work"),
        "signature": _l("Signature"),
    },
}
"""The same as tables: field → code → words."""

CALLS: dict[str, Any] = {}
"""What calls of the API are about whose addresses lie beside those of pages, by the first part of the address."""

Namer = Callable[[Collection[str]], Mapping[str, str]]
NAMES: dict[str, Namer] = {}
"""What things of a kind are called, by number (a role: by code too); one statement."""
Finder = Callable[[str], Collection[int]]
NUMBERS: dict[str, Finder] = {}
"""Which things of a kind people mean by a number (or name) they know them by."""
Histories = Callable[[Collection[int]], Sequence[tuple[str, str | None]]]
HISTORIES: dict[str, Histories] = {}
"""Kinds whose acts stand in a history of their own: what some are called, and its address where the reader may read."""
REFERENCES: dict[str, str] = {
    "handler": "person",
    "person_id": "person",
    "about": "person",
    "successor_id": "place",
    "place_ids": "place",
    "places": "place",
    "campus_id": "place",
    "parent_id": "place",
    "role": "role",
    "roles": "role",
}
"""Fields whose values name other things: the kind of those."""
NUMBERED = "place"
"""What a member is that is but a number."""

MEANT_AT_MOST = 100

ACTORS: dict[str, Any] = {
    "system": _l("the system"),
    "anonymous": _l("not signed in"),
}


def actor(kind_of: str) -> str:
    """Who acted where it was nobody's account."""
    return str(ACTORS.get(kind_of, kind_of))


def named_by(number: Any, name: Any, code: Any = None) -> Namer:
    """Names looked up in one table: columns of the number and of the name, a text or words in both languages.

    `code`: the column of another key by which entries name them.
    """
    keyed = number if code is None else code

    def called(keys: Collection[str]) -> dict[str, str]:
        wanted = number.in_([int(key) for key in keys if key.isdecimal()])
        among = wanted if code is None else or_(wanted, code.in_(list(keys)))
        found = db.session.execute(select(number, keyed, name).where(among)).all()
        spoken = [said if isinstance(said, str) else words.text(said, i18n.locale()) for *_keys, said in found]
        # a code that looks like a number is a code
        return {str(each[at]): said for at in (0, 1) for each, said in zip(found, spoken, strict=True)}

    return called


def found_by(number: Any, shown: Any, stored: Callable[[str], str | None]) -> Finder:
    """Things looked up in one table: columns of the number and of what people see of it.

    `stored` spells what somebody typed as the column does; None where it can be none.
    """

    def found(typed: str) -> Collection[int]:
        if (text := stored(typed)) is None:
            return []
        return db.session.scalars(select(number).where(shown == text).limit(MEANT_AT_MOST)).all()

    return found


def meant(typed: str, kind_of: str | None = None) -> dict[str, Collection[int]]:
    """The things people mean by a number, by their kinds; of one kind alone where it is named."""
    return {each: found for each, find in NUMBERS.items() if kind_of in (None, each) and (found := find(typed.strip()))}


def histories(typed: str) -> list[tuple[str, str | None]]:
    """The things people mean by a number whose acts stand in their own history: what it is called, its address."""
    return [
        each for kind_of, told in HISTORIES.items() if (found := meant(typed, kind_of)) for each in told(found[kind_of])
    ]


def declare(
    *,
    verbs: Mapping[str, Any] | None = None,
    tried: Mapping[str, Any] | None = None,
    objects: Mapping[str, Any] | None = None,
    mentioned: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    values: Mapping[str, Callable[[str], str]] | None = None,
    codes: Mapping[str, Mapping[str, Any]] | None = None,
    names: Mapping[str, Namer] | None = None,
    numbers: Mapping[str, Finder] | None = None,
    histories: Mapping[str, Histories] | None = None,
    references: Mapping[str, str] | None = None,
    calls: Mapping[str, Any] | None = None,
) -> None:
    """Add an area's words (lazy texts by slug) at its import. Raises ValueError for a slug that has words already.

    `tried` are verbs as they are said where nothing came of it; `mentioned` are kinds no entry is about. `values` makes
    words of the values of a field, such as permissions; `codes` holds them. `names` looks up what things of a kind are
    called, `numbers` which are meant by a number, `histories` where their acts stand instead, `references` says of
    which kind the values of a field are. `calls`: words for parts of the API.
    """
    CALLS.update(calls or {})
    NUMBERS.update(numbers or {})
    HISTORIES.update(histories or {})
    VALUES.update(values or {})
    NAMES.update(names or {})
    REFERENCES.update(references or {})
    for of, table_of_codes in (codes or {}).items():
        CODES.setdefault(of, {}).update({str(code): words for code, words in table_of_codes.items()})
    for table, more in (
        (VERBS, verbs),
        (TRIED, tried),
        (OBJECTS, objects),
        (MENTIONED, mentioned),
        (FIELDS, fields),
    ):
        if twice := table.keys() & (more or {}).keys():
            raise ValueError(f"these have words already: {', '.join(sorted(twice))}")
        table.update(more or {})


def verb(slug: str, *, success: bool = True) -> str:
    return str(VERBS.get(slug, slug) if success else TRIED.get(slug, VERBS.get(slug, slug)))


def kind(slug: str) -> str:
    return str(OBJECTS.get(slug) or MENTIONED.get(slug, slug))


def field(slug: str) -> str:
    """A member of what was noted: one of the words above, or a setting by its own."""
    declared = settings.DECLARED.get(slug)
    return str(FIELDS.get(slug, slug) if declared is None else declared.words)


def value(of: str, stored: Any) -> str:
    """A value of a field as people read it."""
    said = CODES.get(of, {}).get(str(stored))
    if said is not None:
        return str(said)
    words = VALUES.get(of)
    return words(stored) if words is not None and isinstance(stored, str) else str(stored)


declare(values={"verb": verb, "object_kind": kind, "owner_kind": kind, "became": kind})
