"""Words for codes of this area: permissions, scopes, kinds and states. Unknown codes are shown as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import labels as audit_labels

GROUPS = {
    "tickets": _l("Repairs"),
    "reports": _l("Repairs"),
    "places": _l("Places"),
    "calendars": _l("Working calendars"),
    "people": _l("People"),
    "roles": _l("Roles"),
    "orgs": _l("Units"),
    "crews": _l("Crews"),
    "imports": _l("Imports"),
    "desk": _l("Desk"),
    "notices": _l("Desk"),
    "feedback": _l("Desk"),
    "notifications": _l("Inbox"),
    "mail": _l("Inbox"),
    "webhooks": _l("Operations"),
    "settings": _l("Operations"),
    "operations": _l("Operations"),
    "audit": _l("Operations"),
}

PERMISSIONS = {
    "tickets.file": _l("Report repairs"),
    "tickets.own": _l("Follow own requests"),
    "tickets.work": _l("Do repairs"),
    "tickets.read": _l("See all requests"),
    "tickets.triage": _l("Accept, reject and merge requests"),
    "tickets.dispatch": _l("Assign work orders"),
    "tickets.on_behalf": _l("Report repairs for others"),
    "tickets.accept_third": _l("Accept finished work on site; contact for those who have left"),
    "tickets.catalogue_read": _l("See the catalogue of repairs"),
    "tickets.catalogue_write": _l("Change the catalogue of repairs"),
    "tickets.macros": _l("Keep the macros of the board"),
    "tickets.extend": _l("Decide on more time for requests and excuse delays"),
    "tickets.views_share": _l("Share views of the board with a role"),
    "tickets.crews": _l("Plan trades, zones and shifts of crews"),
    "reports.read": _l("Read the figures of repairs"),
    "places.read": _l("Find places"),
    "places.write": _l("Change places"),
    "places.stickers": _l("Print QR stickers"),
    "calendars.read": _l("See working calendars"),
    "calendars.write": _l("Change working calendars"),
    "people.lookup": _l("Find people by name or number"),
    "people.read": _l("See people and their data"),
    "people.write": _l("Change people and their accounts"),
    "roles.grant": _l("Give and take roles"),
    "roles.write": _l("Change what roles may do"),
    "orgs.write": _l("Change colleges, classes and departments"),
    "crews.write": _l("Change crews and their members"),
    "imports.run": _l("Import lists"),
    "imports.approve": _l("Approve imports of others"),
    "desk.write": _l("Write answers and duty contacts"),
    "notices.write": _l("Write notices"),
    "feedback.write": _l("Write to the desk"),
    "feedback.handle": _l("Answer what people say"),
    "feedback.oversee": _l("Hear of late answers and see their figures"),
    "notifications.own": _l("Have an inbox"),
    "mail.read": _l("Read the mail sent out in a demonstration"),
    "webhooks.write": _l("Tell other systems through webhooks"),
    "settings.write": _l("Change settings"),
    "operations.read": _l("See the state of the system"),
    "operations.retry": _l("Run failed jobs again"),
    "audit.read": _l("Read the audit log"),
}

SCOPES = {
    "institution": _l("Whole institution"),
    "campus": _l("A campus"),
    "building": _l("A building"),
    "crew": _l("A crew"),
    "org": _l("A unit (college, class, department)"),
    "own": _l("Own things only"),
}

ORG_KINDS = {
    "college": _l("College"),
    "major": _l("Major"),
    "class": _l("Class"),
    "year": _l("Year"),
    "department": _l("Department"),
}

IDENTIFIERS = {
    "student_no": _l("Student number"),
    "staff_no": _l("Staff number"),
    "identity_document": _l("Identity document"),
}

SEXES = {"F": _l("female"), "M": _l("male"), "U": _l("not known")}

STATES = {
    "active": _l("Can sign in"),
    "disabled": _l("Disabled"),
    "no_account": _l("Cannot sign in"),
    "missing": _l("Missing from the register"),
}
STATE_KINDS = {"active": "good", "disabled": "late", "missing": "soon", "no_account": None}

LANGUAGES = {"zh-CN": "中文", "en": "English"}


def permission(code: str) -> str:
    """What a permission allows, in words."""
    return str(PERMISSIONS.get(code, code))


SESSIONS = {"all": _l("all of them"), "others": _l("all others")}


def _session(value: str) -> str:
    return str(SESSIONS.get(value, value))


def _scope(value: str) -> str:
    """`building 桃园 3 号楼`: the kind of a scope in words, then what it is called."""
    kind, _blank, name = value.partition(" ")
    return f"{SCOPES.get(kind, kind)} {name}".strip()


audit_labels.declare(
    tried={"sign-in": _l("Tried to sign in")},
    verbs={
        "sign-in": _l("Signed in"),
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
        "org.insert": _l("Imported units"),
        "org.rename": _l("Renamed units by a file"),
        "org.edit": _l("Changed a unit"),
        "org.close": _l("Closed a unit"),
        "person.import": _l("Imported people"),
        "person.import_undo": _l("Took an import of people back"),
    },
    objects={"person": _l("Person"), "role": _l("Role"), "crew": _l("Crew"), "org_unit": _l("Unit")},
    values={"permissions": permission, "scopes": permission, "session": _session, "scope": _scope},
    codes={
        "kind": ORG_KINDS,
        "sex": SEXES,
        "locale": LANGUAGES,
        "lang": LANGUAGES,
        "scopes": {"all": _l("all the person may do")},
    },
)


def by_group(codes: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Permissions under the headings of their areas, in the order of PERMISSIONS."""
    order = {code: place for place, code in enumerate(PERMISSIONS)}
    groups: dict[str, list[str]] = {}
    for code in sorted(codes, key=lambda each: (order.get(each, len(order)), each)):
        heading = str(GROUPS.get(code.split(".", 1)[0], code.split(".", 1)[0]))
        groups.setdefault(heading, []).append(code)
    return list(groups.items())


def options(words: dict[str, Any], *, but: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Choices of a form field."""
    return [{"value": code, "label": str(label)} for code, label in words.items() if code not in but]
