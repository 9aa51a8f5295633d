"""Writing duty contacts; what ends is closed, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l

from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Rejected
from app.portal.models import DutyContact
from app.portal.services.held import held
from app.sites import queries as sites

labels.declare(
    verbs={
        "contact.write": _l("Added a duty contact"),
        "contact.change": _l("Changed a duty contact"),
        "contact.close": _l("Closed a duty contact"),
    },
    objects={"contact": _l("Duty contact")},
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


def write(*, actor: Actor, now: datetime, entry: Entry) -> DutyContact:
    """A new contact. Raises Rejected (fields `name_zh`, `campus_id`)."""
    _check(entry)
    made = DutyContact(valid_from=sites.today(now), **_columns(entry))
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "contact.write", "contact", made.id, now=now, after=asdict(entry))
    return made


def change(*, actor: Actor, now: datetime, contact_id: int, entry: Entry, seen: int | None) -> DutyContact:
    """Change it. Raises NotFound, Stale, Rejected."""
    contact = held(DutyContact, contact_id, seen)
    _check(entry)
    before = asdict(entry_of(contact))
    for name, value in _columns(entry).items():
        setattr(contact, name, value)
    contact.version += 1
    db.session.flush()
    audit.record_change(
        actor, "contact.change", "contact", contact.id, now=now, before=before, after=asdict(entry_of(contact))
    )
    return contact


def close(*, actor: Actor, now: datetime, contact_id: int, seen: int | None) -> None:
    """Nobody is told to call it any more. Raises NotFound, Stale."""
    contact = held(DutyContact, contact_id, seen)
    contact.valid_to = sites.today(now)
    contact.version += 1
    db.session.flush()
    audit.record(actor, "contact.close", "contact", contact.id, now=now)


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


def _columns(entry: Entry) -> dict[str, object]:
    return {
        **asdict(entry),
        "name": dict(entry.name),
        "purpose": dict(entry.purpose) or None,
        "hours": dict(entry.hours) or None,
    }
