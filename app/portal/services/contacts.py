"""Writing duty contacts; what ends is closed, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.audit import labels
from app.core.errors import Rejected
from app.portal.models import DutyContact
from app.portal.services.entries import Entries
from app.sites import queries as sites

labels.declare(
    verbs={
        "contact.write": _l("Added a duty contact"),
        "contact.change": _l("Changed a duty contact"),
        "contact.close": _l("Closed a duty contact"),
    },
    objects={"contact": _l("Duty contact")},
    names={"contact": labels.named_by(DutyContact.id, DutyContact.name)},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A contact as it is written. Without `hours` it answers day and night, without a campus it is for all."""

    name: Mapping[str, str]
    phone: str
    purpose: Mapping[str, str]
    hours: Mapping[str, str]
    campus_id: int | None = None
    emergency: bool = False
    position: int = 0


def entry_of(contact: DutyContact) -> Entry:
    """A contact as it could be written again."""
    return Entry(
        name=contact.name,
        phone=contact.phone,
        purpose=contact.purpose or {},
        hours=contact.hours or {},
        campus_id=contact.campus_id,
        emergency=contact.emergency,
        position=contact.position,
    )


def _check(entry: Entry) -> None:
    wrong = {}
    if not entry.name:
        wrong["name_zh"] = _l("Give the name in at least one language.")
    if entry.campus_id is not None:
        campus = sites.by_id(entry.campus_id)
        if campus is None or campus.kind != "campus":
            wrong["campus_id"] = _l("Choose one of the offered values.")
    if wrong:
        raise Rejected(fields=wrong)


def _columns(entry: Entry, _now: datetime) -> dict[str, object]:
    return {
        **asdict(entry),
        "name": dict(entry.name),
        "purpose": dict(entry.purpose) or None,
        "hours": dict(entry.hours) or None,
    }


CONTACTS = Entries(kind="contact", model=DutyContact, check=_check, columns=_columns, text_of=entry_of)
"""Refused beside the fields `name_zh`, `campus_id`."""
