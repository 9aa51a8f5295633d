"""Roles given and taken, and roles themselves changed; nobody for himself, nobody beyond his own rights and scope."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts import queries
from app.accounts.models import Crew, OrgUnit, Person, Role, RoleGrant
from app.accounts.rules import delegation, roles
from app.accounts.services import sessions
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import constraint_error, db, not_over, valid_on
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.core.held import held as row_held
from app.core.seen import Seen, still
from app.sites import queries as places

ROLE_TAKEN = _l("There is a role with this code already.")
NOT_FOR_YOURSELF = _l("Nobody changes their own rights. Ask a colleague who may.")

constraint_error("uq_role_code", lambda: Rejected(fields={"code": ROLE_TAKEN}))
constraint_error("uq_role_grant_valid", lambda: Conflict(_l("The person holds this role there already.")))


def held_by(actor: Actor) -> dict[str, frozenset[delegation.Scope]]:
    """Every permission of an actor with the scopes it holds in."""
    names = {name for grant in actor.grants for name in grant.permissions}
    return {name: frozenset((scope.kind, scope.id) for scope in actor.scopes(name)) for name in names}


def chain(scope_kind: str, scope_id: int | None) -> frozenset[delegation.Scope]:
    """The scope and all that contain it. Raises Rejected where the scope's object does not exist or fit."""
    if (scope_id is None) != (scope_kind in ("institution", "own")) or not _exists(scope_kind, scope_id):
        raise Rejected(fields={"scope": _l("Choose where the role holds.")})
    return _containing(scope_kind, scope_id)


def _exists(scope_kind: str, scope_id: int | None) -> bool:
    if scope_id is None:
        return True
    if scope_kind == "org":
        return db.session.scalar(select(OrgUnit.id).where(OrgUnit.id == scope_id)) is not None
    if scope_kind == "crew":
        return db.session.scalar(select(Crew.id).where(Crew.id == scope_id)) is not None
    place = places.by_id(scope_id)
    return place is not None and place.kind == scope_kind


def _containing(scope_kind: str, scope_id: int | None) -> frozenset[delegation.Scope]:
    scope = (scope_kind, scope_id)
    if scope_kind == "org" and scope_id is not None:
        return delegation.chain_of(scope, [("org", unit.id) for unit in queries.org_ancestors(scope_id)])
    if scope_kind == "building" and scope_id is not None:
        place = places.by_id(scope_id)
        return delegation.chain_of(scope, [("campus", place.campus_id)] if place and place.campus_id else ())
    return delegation.chain_of(scope)


def may_give(actor: Actor, permissions: Iterable[str], scope_chain: frozenset[delegation.Scope]) -> bool:
    """Whether the actor may hand on these permissions in a scope of this chain."""
    if actor.kind == "system":
        return True
    held = held_by(actor)
    return bool(held.get("roles.grant", frozenset()) & scope_chain) and not delegation.lacking(
        permissions, scope_chain, held
    )


def require_power_over(actor: Actor, person: Person, now: datetime) -> None:
    """Refuse acts on the account of somebody who may do what the actor may not: it would be a way to more rights.

    Raises NotAllowed.
    """
    if actor.kind == "system" or actor.id == person.id:
        return
    held = held_by(actor)
    for grant in queries.valid_grants(person.id, places.today(now)):
        if delegation.lacking(
            roles.carried(grant.permissions, grant.scope_kind), _containing(grant.scope_kind, grant.scope_id), held
        ):
            raise NotAllowed(
                _l("This person may do more than you. Ask somebody who holds the same rights."), code="outranked"
            )


def grant(
    actor: Actor,
    person: Person,
    *,
    role_id: int,
    scope_kind: str,
    scope_id: int | None,
    start: date | None,
    end: date | None,
    now: datetime,
) -> RoleGrant:
    """Give a role in a scope from `start` (None: at once) to `end` (exclusive; None: until revoked).

    Ends the person's sessions. Raises NotAllowed, Rejected, Conflict, NotFound.
    """
    role = row_held(Role, role_id, share=True)
    if person.id == actor.id:
        raise NotAllowed(NOT_FOR_YOURSELF, code="own-rights")
    if not may_give(actor, roles.carried(role.permissions, scope_kind), chain(scope_kind, scope_id)):
        raise NotAllowed(_l("You can only give rights that you hold yourself, where you hold them."), code="not-yours")
    today = places.today(now)
    if end is not None and end <= max(start or today, today):
        raise Rejected(fields={"end": _l("The end must lie after the beginning and after today.")})
    if role.valid_to is not None:
        raise Rejected(fields={"role_id": _l("This role is no longer given.")})
    if _holds(person.id, role_id, scope_kind, scope_id, today):
        raise Conflict(_l("The person holds this role there already."))
    made = RoleGrant(
        person_id=person.id,
        role_id=role_id,
        scope_kind=scope_kind,
        scope_id=scope_id,
        granted_by=actor.id,
        valid_from=start or today,
        valid_to=end,
    )
    db.session.add(made)
    db.session.flush()
    sessions.close_sessions(person.id, now=now)
    audit.record(actor, "role.grant", "person", person.id, now=now, after=_words(role, made))
    return made


def _holds(person_id: int, role_id: int, scope_kind: str, scope_id: int | None, today: date) -> bool:
    same_scope = RoleGrant.scope_id.is_(None) if scope_id is None else RoleGrant.scope_id == scope_id
    found = db.session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.person_id == person_id,
            RoleGrant.role_id == role_id,
            RoleGrant.scope_kind == scope_kind,
            same_scope,
            valid_on(RoleGrant, today),
        )
    )
    return found is not None


def _words(role: Role, held: RoleGrant) -> dict[str, Any]:
    return {
        "role": role.code,
        "scope": held.scope_kind if held.scope_id is None else f"{held.scope_kind} {scope_name(held)}",
        "from": held.valid_from,
        "to": held.valid_to,
    }


def scope_name(held: RoleGrant) -> str:
    """What a grant's scope is called."""
    if held.scope_kind == "crew":
        code = db.session.scalar(select(Crew.code).where(Crew.id == held.scope_id))
    elif held.scope_kind == "org":
        code = db.session.scalar(select(OrgUnit.name).where(OrgUnit.id == held.scope_id))
    else:
        place = places.by_id(held.scope_id or 0)
        code = place.path if place else None
    return code or str(held.scope_id)


def revoke(actor: Actor, person: Person, grant_id: int, now: datetime) -> None:
    """Take a role back at once; the person's sessions end. Raises NotFound, NotAllowed."""
    today = places.today(now)
    found = row_held(RoleGrant, grant_id, RoleGrant.person_id == person.id)
    if found.over_by(today):
        raise NotFound
    if person.id == actor.id:
        raise NotAllowed(NOT_FOR_YOURSELF, code="own-rights")
    role = queries.role(found.role_id)
    if not may_give(actor, roles.carried(role.permissions, found.scope_kind), chain(found.scope_kind, found.scope_id)):
        raise NotAllowed(_l("You can only take back rights that you could give."), code="not-yours")
    before = _words(role, found)
    found.valid_to = today
    db.session.flush()
    sessions.close_sessions(person.id, now=now)
    audit.record(actor, "role.revoke", "person", person.id, now=now, before=before, after={"to": today})


def save_role(
    actor: Actor,
    role: Role | None,
    *,
    name: dict[str, str],
    permissions: Collection[str],
    staff: bool,
    now: datetime,
    code: str | None = None,
    seen: Seen | None = None,
) -> Role:
    """Make a role (None) or change one; holders have the new rights with their next request.

    Nobody changes a role they hold, or puts into one what they do not hold for the whole institution.
    `seen`: what the actor had before him (None: not asked). Raises NotAllowed, Rejected, Overtaken.
    """
    if role is not None:
        role = still(Role, role.id, seen)
    unknown = set(permissions) - roles.PERMISSIONS
    if unknown:
        raise Rejected(fields={"permissions": _l("Choose among the offered permissions.")})
    before = set() if role is None else set(role.permissions)
    added = set(permissions) - before
    if role is not None and role.code in actor.roles and before != set(permissions):
        raise NotAllowed(NOT_FOR_YOURSELF, code="own-rights")
    if added and not may_give(actor, added, delegation.chain_of(delegation.INSTITUTION)):
        raise NotAllowed(_l("You can only put rights into a role that you hold for the whole institution."))
    if role is None:
        role = _new_role(code or "", name, permissions, staff)
        audit.record(
            actor,
            "role.create",
            "role",
            role.id,
            now=now,
            after={"code": role.code, "name": name, "permissions": sorted(permissions), "staff": staff},
        )
        return role
    was = {"name": role.name, "permissions": sorted(before), "staff": role.staff}
    role.name, role.permissions, role.staff = dict(name), sorted(permissions), staff
    db.session.flush()
    after = {"name": dict(name), "permissions": sorted(permissions), "staff": staff}
    audit.record_change(actor, "role.edit", "role", role.id, now=now, before=was, after=after)
    return role


def _new_role(code: str, name: dict[str, str], permissions: Collection[str], staff: bool) -> Role:
    if db.session.scalar(select(Role.id).where(Role.code == code)) is not None:
        raise Rejected(fields={"code": ROLE_TAKEN})
    role = Role(code=code, name=dict(name), permissions=sorted(permissions), staff=staff)
    db.session.add(role)
    db.session.flush()
    return role


def close_role(actor: Actor, role: Role, now: datetime, seen: Seen | None = None) -> None:
    """Give a role up: it is no longer given. Refused while somebody holds it, or will. Raises Rejected, Overtaken."""
    today = places.today(now)
    role = still(Role, role.id, seen)
    if role.over_by(today):
        return
    holder = db.session.scalar(
        select(RoleGrant.id).where(RoleGrant.role_id == role.id, not_over(RoleGrant, today)).limit(1)
    )
    if holder is not None:
        raise Rejected(_l("People hold this role. Revoke it from them first."))
    role.valid_to = today
    audit.record(actor, "role.close", "role", role.id, now=now)


def sync_roles(actor: Actor, now: datetime) -> dict[str, tuple[list[str], list[str]]]:
    """Bring the seeded roles to this release: make missing ones, add and remove what changed in the seed.

    What the institution itself added or took away stays. Returns (added, removed) by role code, changed ones only.
    """
    known = {role.code: role for role in db.session.scalars(select(Role))}
    changed: dict[str, tuple[list[str], list[str]]] = {}
    for seed in roles.SEEDS:
        wanted = seed.permissions
        role = known.get(seed.code)
        if role is None:
            role = Role(code=seed.code, name={"zh-CN": seed.zh, "en": seed.en}, permissions=[], staff=seed.staff)
            db.session.add(role)
            db.session.flush()
        before = set(role.permissions)
        former = set(role.seed or ())
        after = (before | (wanted - former)) - (former - wanted)
        role.permissions, role.seed = sorted(after), sorted(wanted)
        if after != before:
            changed[seed.code] = (sorted(after - before), sorted(before - after))
            audit.record_change(
                actor,
                "role.edit",
                "role",
                role.id,
                now=now,
                before={"permissions": sorted(before)},
                after={"permissions": sorted(after)},
            )
    db.session.flush()
    return changed
