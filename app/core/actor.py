"""Who acts: plain values, filled by accounts, taken as an argument by every layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

ScopeKind = Literal["institution", "campus", "building", "crew", "org", "own"]
ActorKind = Literal["person", "token", "system", "anonymous"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a permission holds. `id` is None for institution and own."""

    kind: ScopeKind
    id: int | None = None


class Located(Protocol):
    """What scopes are compared with."""

    @property
    def campus_id(self) -> int | None: ...
    @property
    def building_id(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Grant:
    """One role held in one scope, with the permissions it gives there.

    `short`: those of the role that reach too short there, since they are a whole institution's or nothing.
    """

    role: str
    permissions: frozenset[str]
    scope: Scope
    short: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a token of a person, the system, or somebody not signed in.

    `id` is the person's id (also for a token), None otherwise. `limited_to` narrows a token to the
    permissions it was issued for; None means all its person's.
    """

    kind: ActorKind
    institution_id: int
    id: int | None = None
    name: str = ""
    username: str = ""
    locale: str | None = None
    grants: tuple[Grant, ...] = ()
    limited_to: frozenset[str] | None = None
    session_id: int | None = None
    home_place_id: int | None = None

    @classmethod
    def system(cls, institution_id: int) -> Actor:
        """Rules, timers and jobs act as the system and may do everything their service allows."""
        return cls(kind="system", institution_id=institution_id, name="system")

    @classmethod
    def anonymous(cls, institution_id: int) -> Actor:
        return cls(kind="anonymous", institution_id=institution_id)

    @property
    def signed_in(self) -> bool:
        return self.kind in ("person", "token")

    @property
    def rights(self) -> Actor:
        """Anybody with the same rights here, and nothing else of the person: for what is kept for all of them."""
        somebody = None if self.id is None else 0
        return Actor(self.kind, self.institution_id, somebody, grants=self.grants, limited_to=self.limited_to)

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(sorted({grant.role for grant in self.grants}))

    def can(self, permission: str) -> bool:
        """True where any grant carries the permission (in whatever scope)."""
        if self.kind == "system":
            return True
        if self.limited_to is not None and permission not in self.limited_to:
            return False
        return any(permission in grant.permissions for grant in self.grants)

    def scopes(self, permission: str) -> tuple[Scope, ...]:
        """The scopes in which the permission is held, institution first."""
        if self.kind == "system":
            return (Scope("institution"),)
        if not self.can(permission):
            return ()
        found = {grant.scope for grant in self.grants if permission in grant.permissions}
        return tuple(sorted(found, key=lambda scope: (scope.kind != "institution", scope.kind, scope.id or 0)))

    def covers(self, permission: str, thing: Located | None) -> bool:
        """Whether the permission is held where a thing lies (`core.scoped` says it in SQL).

        What lies nowhere, or None, is covered by who holds it for the whole institution.
        """
        there = {} if thing is None else {"campus": thing.campus_id, "building": thing.building_id}
        return any(
            scope.kind == "institution" or (scope.id is not None and scope.id == there.get(scope.kind))
            for scope in self.scopes(permission)
        )

    def holds_everywhere(self, *permissions: str) -> bool:
        """Whether one of the permissions is held for the whole institution."""
        return any(scope.kind == "institution" for permission in permissions for scope in self.scopes(permission))

    def scope_ids(self, kind: ScopeKind, *permissions: str) -> list[int]:
        """The ids, in order, of the campuses, buildings, crews or units in which one of the permissions is held."""
        scopes = (scope for permission in permissions for scope in self.scopes(permission))
        return sorted({scope.id for scope in scopes if scope.kind == kind and scope.id is not None})
