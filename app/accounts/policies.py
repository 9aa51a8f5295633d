"""Who may open which page of people and rights. Whom they see there is decided by `queries.reached`."""

from __future__ import annotations

from app.core.actor import Actor


def read_people(actor: Actor) -> bool:
    """The list of people and their pages."""
    return actor.can("people.read")


def write_people(actor: Actor) -> bool:
    """People changed, accounts opened and closed."""
    return actor.can("people.write")


def add_people(actor: Actor) -> bool:
    """People made: by who may change them all, since somebody new lies in nobody's narrower scope yet."""
    return actor.holds_everywhere("people.write")


def look_up_people(actor: Actor) -> bool:
    """Finding a person by name or number, without their page."""
    return actor.can("people.lookup") or actor.can("people.read")


def lookup_permission(actor: Actor) -> str:
    """The wider of the two ways to find people."""
    return "people.read" if actor.can("people.read") else "people.lookup"


def grant_roles(actor: Actor) -> bool:
    """Roles given and taken; which ones is the service's to decide."""
    return actor.can("roles.grant")


def see_roles(actor: Actor) -> bool:
    """What each role may do."""
    return actor.can("roles.write") or actor.can("roles.grant")


def write_roles(actor: Actor) -> bool:
    """Roles made and changed."""
    return actor.can("roles.write")


def see_orgs(actor: Actor) -> bool:
    """The tree of colleges, classes and departments."""
    return actor.can("orgs.write") or actor.can("people.read")


def write_orgs(actor: Actor) -> bool:
    """Org units made, renamed and closed."""
    return actor.can("orgs.write")


def write_crews(actor: Actor) -> bool:
    """Crews and their members."""
    return actor.can("crews.write")


def crews_within(actor: Actor) -> list[int] | None:
    """The crews somebody may change; None: all."""
    return None if actor.holds_everywhere("crews.write") else actor.scope_ids("crew", "crews.write")


def add_crews(actor: Actor) -> bool:
    """Crews made and closed: by who may change them all."""
    return write_crews(actor) and crews_within(actor) is None


def add_members(actor: Actor) -> bool:
    """Adding a member needs finding people."""
    return write_crews(actor) and look_up_people(actor)


def own_account(actor: Actor) -> bool:
    """One's own profile, sessions and tokens: a person at a browser."""
    return actor.kind == "person"
