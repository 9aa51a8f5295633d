"""Whom a permission reaches: the scopes of an actor as a condition on people."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, false, or_, select, tuple_

from app.accounts.models import CrewMember, OrgMembership, OrgUnit, Person, PersonHome
from app.core.actor import Actor
from app.core.db import db, valid_on
from app.sites.models import Place


def reached(actor: Actor, permission: str, today: date) -> ColumnElement[bool]:
    """People whom the actor reaches with a permission: everybody, residents, members, or the actor alone.

    Who was taken back with the import that had made him is nobody: his row has no name.
    """
    ids: dict[str, list[int]] = {}
    for scope in actor.scopes(permission):
        if scope.kind == "institution":
            return Person.name != ""
        if scope.kind != "own":
            ids.setdefault(scope.kind, []).append(scope.id or 0)
        elif actor.id is not None:
            ids["own"] = [actor.id]
    return or_(false(), *(_REACH[kind](found, today) for kind, found in ids.items()))


def _own(ids: Collection[int], today: date) -> ColumnElement[bool]:
    return Person.id.in_(ids)


def _one_of(keys: Select[int, int]) -> ColumnElement[bool]:
    """Whoever's key is among them. Asked for once: a select that named the person would be run for each of them."""
    return tuple_(Person.institution_id, Person.id).in_(keys)


def _org(ids: Collection[int], today: date) -> ColumnElement[bool]:
    units = subtree(ids)
    return _one_of(
        select(OrgMembership.institution_id, OrgMembership.person_id).where(
            OrgMembership.org_unit_id.in_(select(units.c.id)), OrgMembership.during.contains(today)
        )
    )


def _crew(ids: Collection[int], today: date) -> ColumnElement[bool]:
    return _one_of(
        select(CrewMember.institution_id, CrewMember.person_id).where(
            CrewMember.crew_id.in_(ids), valid_on(CrewMember, today)
        )
    )


def _living_in(column: Any) -> Any:
    def condition(ids: Collection[int], today: date) -> ColumnElement[bool]:
        return _one_of(
            select(PersonHome.institution_id, PersonHome.person_id)
            .join(Place, and_(Place.institution_id == PersonHome.institution_id, Place.id == PersonHome.place_id))
            .where(column.in_(ids), PersonHome.during.contains(today))
        )

    return condition


_REACH: dict[str, Any] = {
    "own": _own,
    "org": _org,
    "crew": _crew,
    "campus": _living_in(Place.campus_id),
    "building": _living_in(Place.building_id),
}


def subtree(ids: Collection[int]) -> CTE:
    """The org units and everything below them, as a CTE with the column `id`."""
    top = select(OrgUnit.institution_id, OrgUnit.id).where(OrgUnit.id.in_(ids)).cte("units", recursive=True)
    below = select(OrgUnit.institution_id, OrgUnit.id).join(
        top, and_(OrgUnit.institution_id == top.c.institution_id, OrgUnit.parent_id == top.c.id)
    )
    return top.union(below)


def org_ancestors(org_unit_id: int) -> list[OrgUnit]:
    """An org unit and those above it, the topmost first."""
    way = select(OrgUnit.institution_id, OrgUnit.id, OrgUnit.parent_id).where(OrgUnit.id == org_unit_id)
    up = way.cte("way", recursive=True)
    up = up.union(
        select(OrgUnit.institution_id, OrgUnit.id, OrgUnit.parent_id).join(
            up, and_(OrgUnit.institution_id == up.c.institution_id, OrgUnit.id == up.c.parent_id)
        )
    )
    found = {unit.id: unit for unit in db.session.scalars(select(OrgUnit).where(OrgUnit.id.in_(select(up.c.id))))}
    ordered: list[OrgUnit] = []
    unit = found.pop(org_unit_id, None)
    while unit is not None:
        ordered.append(unit)
        unit = found.pop(unit.parent_id or 0, None)
    return ordered[::-1]
