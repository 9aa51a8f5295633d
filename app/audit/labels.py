"""Words for the verbs and objects of the log. Areas add theirs with `declare`; an unknown slug is shown as it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import settings

VERBS: dict[str, Any] = {
    "sign-in": _l("Signed in"),
    "refused": _l("Asked for a page"),
    "session.revoke": _l("Ended sessions"),
    "token.create": _l("Made a token"),
    "token.revoke": _l("Revoked a token"),
    "person.create": _l("Added a person"),
    "person.edit": _l("Changed a person"),
    "person.password": _l("Set a password"),
    "person.identifier": _l("Changed a number"),
    "person.home": _l("Changed a home"),
    "person.org": _l("Changed a unit of a person"),
    "person.disable": _l("Disabled an account"),
    "person.enable": _l("Enabled an account"),
    "role.grant": _l("Gave a role"),
    "role.revoke": _l("Took a role back"),
    "role.create": _l("Made a role"),
    "role.edit": _l("Changed a role"),
    "role.close": _l("Closed a role"),
    "crew.create": _l("Made a crew"),
    "crew.edit": _l("Changed a crew"),
    "crew.close": _l("Closed a crew"),
    "crew.member": _l("Changed the members of a crew"),
    "org.create": _l("Made a unit"),
    "org.edit": _l("Changed a unit"),
    "org.close": _l("Closed a unit"),
    "person.import": _l("Imported people"),
    "person.import_undo": _l("Took an import of people back"),
    "place.add": _l("Added a place"),
    "place.insert": _l("Imported places"),
    "place.change": _l("Changed a place"),
    "place.close": _l("Closed a place"),
    "place.successor": _l("Said what stands in for a closed place"),
    "place.alias": _l("Said which place words mean"),
    "place.reopen": _l("Opened a place again"),
    "place.sticker_issue": _l("Issued a QR sticker"),
    "place.sticker_revoke": _l("Revoked a QR sticker"),
    "order.code": _l("Entered the reporter’s code"),
    "calendar.make": _l("Made a calendar address"),
    "calendar.revoke": _l("Ended a calendar address"),
    "calendar.create": _l("Made a working calendar"),
    "calendar.publish": _l("Published a version of a working calendar"),
    "calendar.hours": _l("Changed which calendar a campus works by"),
    "calendar.close": _l("Closed a working calendar"),
    "answer.write": _l("Wrote an answer"),
    "answer.change": _l("Changed an answer"),
    "answer.close": _l("Closed an answer"),
    "contact.write": _l("Added a contact"),
    "contact.change": _l("Changed a contact"),
    "contact.close": _l("Closed a contact"),
    "notice.write": _l("Wrote a notice"),
    "notice.change": _l("Changed a notice"),
    "notice.publish": _l("Published a notice"),
    "notice.end": _l("Ended a notice"),
    "notice.discard": _l("Discarded a notice"),
    "feedback.about": _l("Said whom feedback is about"),
    "feedback.assign": _l("Assigned feedback"),
    "feedback.convert": _l("Turned feedback into something else"),
    "certificate.add": _l("Added a certificate"),
    "technician.certificate": _l("Changed certificates of a technician"),
    "walk.set": _l("Set walking minutes"),
    "webhook.create": _l("Made a webhook"),
    "webhook.change": _l("Changed a webhook"),
    "webhook.secret": _l("Made a new secret of a webhook"),
    "webhook.remove": _l("Removed a webhook"),
    "webhook.test": _l("Tried a webhook"),
    "webhook.replay": _l("Had a message sent again"),
    "attachment.add": _l("Added a file"),
    "attachment.refuse": _l("Refused a file"),
    "import.upload": _l("Uploaded an import"),
    "import.order": _l("Ordered an import"),
    "import.approve": _l("Approved an import"),
    "import.return": _l("Returned an import"),
    "import.apply": _l("Applied an import"),
    "import.undo": _l("Took an import back"),
    "import.withdraw": _l("Withdrew an import"),
    "category.add": _l("Added a category"),
    "category.change": _l("Changed a category"),
    "category.close": _l("Closed a category"),
    "category.publish": _l("Published the questions of a category"),
    "sla_policy.create": _l("Made a service level"),
    "sla_policy.publish": _l("Published a version of a service level"),
    "sla_policy.close": _l("Closed a service level"),
    "trade.add": _l("Added a trade"),
    "trade.change": _l("Changed a trade"),
    "trade.close": _l("Closed a trade"),
    "technician.admit": _l("Made somebody a technician"),
    "technician.trade": _l("Changed the trades of a technician"),
    "technician.zone": _l("Changed the zones of a technician"),
    "technician.shift": _l("Changed the shifts of a technician"),
    "technician.cap": _l("Changed the limit of a technician"),
    "technician.set": _l("Changed a technician"),
    "technician.end": _l("Ended a technician's work"),
    "absence.add": _l("Noted an absence"),
    "absence.end": _l("Ended an absence"),
    "duty.set": _l("Changed the duty plan"),
    "duty.end": _l("Ended a duty"),
    "setting.change": _l("Changed a setting"),
    "delivery.retry": _l("Ran a failed job again"),
    "delivery.drop": _l("Dropped a failed job"),
    "audit.export": _l("Exported the log"),
    "week.plan": _l("Planned a week"),
}

OBJECTS: dict[str, Any] = {
    "answer": _l("Answer"),
    "certificate": _l("Certificate"),
    "contact": _l("Contact"),
    "feedback": _l("Feedback"),
    "notice": _l("Notice"),
    "person": _l("Person"),
    "role": _l("Role"),
    "crew": _l("Crew"),
    "org_unit": _l("Unit"),
    "route": _l("Page"),
    "audit": _l("Audit log"),
    "setting": _l("Setting"),
    "place": _l("Place"),
    "calendar": _l("Working calendar"),
    "ticket": _l("Request"),
    "work_order": _l("Work order"),
    "message": _l("Message"),
    "import": _l("Import"),
    "attachment": _l("File"),
    "category": _l("Category"),
    "sla_policy": _l("Service level"),
    "trade": _l("Trade"),
    "delivery": _l("Job"),
    "webhook": _l("Webhook"),
}

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
    "valid_to": _l("Ends"),
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
    "endpoint": _l("Page"),
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
    "method": {"GET": _l("read"), "POST": _l("sent"), "PATCH": _l("changed"), "DELETE": _l("deleted")},
    "moment": {
        "report": _l("With the report"),
        "before": _l("Before the work"),
        "after": _l("After the work"),
        "signature": _l("Signature"),
    },
}
"""The same as tables: field → code → words."""

Namer = Callable[[Collection[str]], Mapping[str, str]]
NAMES: dict[str, Namer] = {}
"""What things of a kind are called, by number (a role: by code too); one statement."""
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

ACTORS: dict[str, Any] = {
    "system": _l("the system"),
    "anonymous": _l("not signed in"),
}


def actor(kind_of: str) -> str:
    """Who acted where it was nobody's account."""
    return str(ACTORS.get(kind_of, kind_of))


def declare(
    *,
    verbs: Mapping[str, Any] | None = None,
    objects: Mapping[str, Any] | None = None,
    fields: Mapping[str, Any] | None = None,
    values: Mapping[str, Callable[[str], str]] | None = None,
    codes: Mapping[str, Mapping[str, Any]] | None = None,
    names: Mapping[str, Namer] | None = None,
) -> None:
    """Add an area's words (lazy texts by slug) at its import; words that are there stay.

    `values` makes words of the values of a field, such as permissions; `codes` holds them. `names` looks up what things
    of a kind are called.
    """
    VALUES.update(values or {})
    NAMES.update(names or {})
    for of, table_of_codes in (codes or {}).items():
        CODES.setdefault(of, {}).update({str(code): words for code, words in table_of_codes.items()})
    for table, more in ((VERBS, verbs), (OBJECTS, objects), (FIELDS, fields)):
        for slug, words in (more or {}).items():
            table.setdefault(slug, words)


TRIED: dict[str, Any] = {"sign-in": _l("Tried to sign in")}
"""Verbs as they are said where nothing came of it."""


def verb(slug: str, *, success: bool = True) -> str:
    return str(VERBS.get(slug, slug) if success else TRIED.get(slug, VERBS.get(slug, slug)))


def kind(slug: str) -> str:
    return str(OBJECTS.get(slug, slug))


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
