"""Rows that lie on a campus and in a building: those an actor's permissions reach, as SQL conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, any_, or_, true

from app.core.actor import Actor
from app.core.prepared import value, values


def reached(actor: Actor, campus: Any, building: Any, *permissions: str) -> ColumnElement[bool]:
    """Rows on whose campus or in whose building (two columns) the actor holds one of the permissions."""
    if actor.holds_everywhere(*permissions):
        return true()
    return or_(
        campus.in_(actor.scope_ids("campus", *permissions)), building.in_(actor.scope_ids("building", *permissions))
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """The same for a statement that is built once (`core.prepared`); `name` begins the names of its parameters."""

    name: str
    permission: str

    def rows(self, campus: Any, building: Any) -> ColumnElement[bool]:
        """The condition on two columns."""
        return or_(
            value(f"{self.name}_all", Boolean),
            campus == any_(values(f"{self.name}_campuses", BigInteger)),
            building == any_(values(f"{self.name}_buildings", BigInteger)),
        )

    def of(self, actor: Actor) -> dict[str, Any]:
        """The values of its parameters for an actor."""
        return {
            f"{self.name}_all": actor.holds_everywhere(self.permission),
            f"{self.name}_campuses": actor.scope_ids("campus", self.permission),
            f"{self.name}_buildings": actor.scope_ids("building", self.permission),
        }
