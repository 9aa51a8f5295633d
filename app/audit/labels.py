"""Words for the verbs and objects of the log. Areas add theirs with `declare`; an unknown slug is shown as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

VERBS: dict[str, Any] = {
    "sign-in": _l("Signed in"),
    "refused": _l("Was refused"),
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
    "role.close": _l("Gave a role up"),
    "crew.create": _l("Made a crew"),
    "crew.edit": _l("Changed a crew"),
    "crew.close": _l("Closed a crew"),
    "crew.member": _l("Changed the members of a crew"),
    "org.create": _l("Made a unit"),
    "org.edit": _l("Changed a unit"),
    "org.close": _l("Closed a unit"),
    "audit.export": _l("Exported the log"),
}

OBJECTS: dict[str, Any] = {
    "person": _l("Person"),
    "role": _l("Role"),
    "crew": _l("Crew"),
    "org_unit": _l("Unit"),
    "route": _l("Page"),
    "audit": _l("Audit log"),
    "setting": _l("Setting"),
    "place": _l("Place"),
    "ticket": _l("Request"),
    "work_order": _l("Work order"),
    "import": _l("Import"),
}

ACTORS: dict[str, Any] = {
    "system": _l("the system"),
    "anonymous": _l("not signed in"),
}


def declare(*, verbs: Mapping[str, Any] | None = None, objects: Mapping[str, Any] | None = None) -> None:
    """Add an area's words (lazy texts by slug) at its import."""
    VERBS.update(verbs or {})
    OBJECTS.update(objects or {})


def verb(slug: str) -> str:
    return str(VERBS.get(slug, slug))


def kind(slug: str) -> str:
    return str(OBJECTS.get(slug, slug))
