"""Whom a notice concerns: the reader's side (which notices are mine) and the writer's side (who will see it).

Both say the same: a notice without places is for everybody. One with places is for who lives in them, for who looks
after them or something in them (a role held for a building or campus), and for who has neither a home nor such a role,
since he may be anywhere. Roles, where a notice names some, narrow all of it; any valid role of a person counts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Text, and_, exists, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from app.accounts.models import Person, PersonHome, Role, RoleGrant
from app.core.actor import Actor
from app.core.db import db, one_of, valid_on
from app.portal.models import Notice, NoticePlace
from app.sites import queries as sites
from app.sites.models import Place

LOCAL = ("campus", "building")
"""The scopes that bind somebody to a place."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What of a person decides which notices concern him; `anywhere`: he belongs to no place."""

    person_id: int | None
    roles: tuple[str, ...]
    anywhere: bool
    line: frozenset[int] = frozenset()
    campuses: tuple[int, ...] = ()
    buildings: tuple[int, ...] = ()


def reader_of(actor: Actor) -> Reader:
    """One statement; none for who belongs to no place."""
    held = {grant.scope for grant in actor.grants if grant.scope.kind in LOCAL}
    campuses = tuple(sorted(scope.id for scope in held if scope.kind == "campus" and scope.id is not None))
    buildings = tuple(sorted(scope.id for scope in held if scope.kind == "building" and scope.id is not None))
    own = [] if actor.home_place_id is None else [actor.home_place_id]
    standing = [*own, *campuses, *buildings]
    line = sites.ancestry(standing)
    return Reader(actor.id, actor.roles, not standing, line, campuses, buildings)


def standing_at(place_id: int, actor: Actor) -> Reader:
    """Whoever it is, as somebody who is at a place."""
    return Reader(actor.id, actor.roles, anywhere=False, line=sites.ancestry([place_id]))


def for_roles(roles: Collection[str]) -> ColumnElement[bool]:
    """Notices for everybody, and those for one of the roles."""
    return or_(func.cardinality(Notice.roles) == 0, Notice.roles.overlap(literal(sorted(roles), ARRAY(Text))))


def concerning(reader: Reader) -> ColumnElement[bool]:
    """Notices whose places concern the reader."""
    if reader.anywhere:
        return true()
    there = [one_of(NoticePlace.place_id, reader.line)]
    if reader.buildings:
        there.append(Place.building_id.in_(reader.buildings))
    if reader.campuses:
        there.append(Place.campus_id.in_(reader.campuses))
    meant = (
        select(NoticePlace.id)
        .join(Place, and_(Place.institution_id == NoticePlace.institution_id, Place.id == NoticePlace.place_id))
        .where(NoticePlace.institution_id == Notice.institution_id, NoticePlace.notice_id == Notice.id, or_(*there))
    )
    return or_(Notice.everywhere, meant.exists())


def audience(place_ids: Collection[int], roles: Collection[str], today: date) -> ColumnElement[bool]:
    """People with an account whom a notice for these places (none: everywhere) and roles (none: all) concerns."""
    conditions = [
        Person.username.is_not(None),
        Person.disabled_at.is_(None),
        Person.merged_into_id.is_(None),
        valid_on(Person, today),
    ]
    if roles:
        conditions.append(_granted(today, Role.code.in_(sorted(roles))))
    if place_ids:
        conditions.append(_concerned(place_ids, today))
    return and_(*conditions)


def _granted(today: date, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """People who hold a role of a condition today."""
    return (
        select(RoleGrant.id)
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .where(
            RoleGrant.institution_id == Person.institution_id,
            RoleGrant.person_id == Person.id,
            valid_on(RoleGrant, today),
            condition,
        )
        .exists()
    )


def _concerned(place_ids: Collection[int], today: date) -> ColumnElement[bool]:
    inside = sites.subtree_ids(place_ids)
    meant = aliased(Place)
    lives = select(PersonHome.id).where(
        PersonHome.institution_id == Person.institution_id,
        PersonHome.person_id == Person.id,
        PersonHome.during.contains(today),
    )
    # the place of the role lies in what is meant, or what is meant lies in the place of the role
    holds = or_(
        RoleGrant.scope_id.in_(inside),
        exists().where(
            meant.institution_id == RoleGrant.institution_id,
            meant.id.in_(sorted(place_ids)),
            or_(
                and_(RoleGrant.scope_kind == "campus", meant.campus_id == RoleGrant.scope_id),
                and_(RoleGrant.scope_kind == "building", meant.building_id == RoleGrant.scope_id),
            ),
        ),
    )
    local = RoleGrant.scope_kind.in_(LOCAL)
    return or_(
        lives.where(PersonHome.place_id.in_(inside)).exists(),
        _granted(today, and_(local, holds)),
        and_(~lives.exists(), ~_granted(today, local)),
    )


def count(place_ids: Collection[int], roles: Collection[str], today: date) -> int:
    """How many people will see it."""
    query = select(func.count()).select_from(Person).where(audience(place_ids, roles, today))
    return db.session.execute(query).scalar_one()


def some(place_ids: Collection[int], roles: Collection[str], today: date, *, after: int, limit: int) -> list[int]:
    """The next people who will see it, by id."""
    query = (
        select(Person.id).where(Person.id > after, audience(place_ids, roles, today)).order_by(Person.id).limit(limit)
    )
    return list(db.session.scalars(query))
