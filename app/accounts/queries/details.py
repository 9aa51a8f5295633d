"""What the page of one person, of a crew, of an org unit and of the roles shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select

from app.accounts.models import (
    ApiToken,
    Crew,
    CrewMember,
    LoginSession,
    OrgMembership,
    OrgUnit,
    Person,
    PersonHome,
    PersonIdentifier,
    Role,
    RoleGrant,
)
from app.core import paging
from app.core.db import db, not_over, valid_on
from app.core.errors import NotFound
from app.sites.models import Place


def identifiers(person_id: int) -> Sequence[PersonIdentifier]:
    """All numbers, present ones first."""
    query = select(PersonIdentifier).where(PersonIdentifier.person_id == person_id)
    return db.session.scalars(query.order_by(PersonIdentifier.valid_to.desc(), PersonIdentifier.id.desc())).all()


def homes(person_id: int) -> Sequence[Any]:
    """All homes with their place, newest first: id, during, place_id, path, code."""
    query = (
        select(PersonHome.id, PersonHome.during, PersonHome.place_id, Place.path, Place.code)
        .join(Place, and_(Place.institution_id == PersonHome.institution_id, Place.id == PersonHome.place_id))
        .where(PersonHome.person_id == person_id)
        .order_by(func.lower(PersonHome.during).desc().nulls_last())
    )
    return db.session.execute(query).all()


def memberships(person_id: int) -> Sequence[Any]:
    """All org units, newest first: id, during, org_unit_id, name, kind, code."""
    query = (
        select(
            OrgMembership.id, OrgMembership.during, OrgMembership.org_unit_id, OrgUnit.name, OrgUnit.kind, OrgUnit.code
        )
        .join(
            OrgUnit,
            and_(OrgUnit.institution_id == OrgMembership.institution_id, OrgUnit.id == OrgMembership.org_unit_id),
        )
        .where(OrgMembership.person_id == person_id)
        .order_by(func.lower(OrgMembership.during).desc().nulls_last(), OrgMembership.id.desc())
    )
    return db.session.execute(query).all()


def grants(person_id: int) -> Sequence[Any]:
    """All roles ever held, present ones first, then what began last: id, code, name, scope, its name, dates, giver."""
    giver = Person.__table__.alias("giver")
    query = (
        select(
            RoleGrant.id,
            RoleGrant.role_id,
            Role.code,
            Role.name,
            Role.permissions,
            RoleGrant.scope_kind,
            RoleGrant.scope_id,
            RoleGrant.valid_from,
            RoleGrant.valid_to,
            func.coalesce(Place.path, OrgUnit.name).label("scope_name"),
            Crew.name.label("crew_name"),
            giver.c.name.label("granted_by"),
        )
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .outerjoin(Place, _scope_is(Place, "campus", "building"))
        .outerjoin(OrgUnit, _scope_is(OrgUnit, "org"))
        .outerjoin(Crew, _scope_is(Crew, "crew"))
        .outerjoin(
            giver,
            and_(giver.c.institution_id == RoleGrant.institution_id, giver.c.id == RoleGrant.granted_by),
        )
        .where(RoleGrant.person_id == person_id)
        .order_by(RoleGrant.valid_to.desc(), RoleGrant.valid_from.desc().nulls_last(), RoleGrant.id)
    )
    return db.session.execute(query).all()


def _scope_is(target: Any, *kinds: str) -> Any:
    return and_(
        target.institution_id == RoleGrant.institution_id,
        target.id == RoleGrant.scope_id,
        RoleGrant.scope_kind.in_(kinds),
    )


def valid_grants(person_id: int, today: date) -> Sequence[Any]:
    """The grants that hold on a day: id, permissions, scope_kind, scope_id."""
    query = (
        select(RoleGrant.id, Role.permissions, RoleGrant.scope_kind, RoleGrant.scope_id)
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .where(RoleGrant.person_id == person_id, valid_on(RoleGrant, today))
    )
    return db.session.execute(query).all()


def live_sessions(person_id: int, now: datetime) -> Sequence[LoginSession]:
    """Signed-in browsers, last used first."""
    query = select(LoginSession).where(
        LoginSession.person_id == person_id,
        LoginSession.revoked_at.is_(None),
        LoginSession.ends_at > now,
        LoginSession.last_seen_at + func.make_interval(0, 0, 0, 0, 0, 0, LoginSession.idle_seconds) > now,
    )
    return db.session.scalars(query.order_by(LoginSession.last_seen_at.desc()).limit(100)).all()


def live_tokens(person_id: int, now: datetime) -> Sequence[ApiToken]:
    """Tokens that still open something, newest first."""
    query = select(ApiToken).where(
        ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None), ApiToken.expires_at > now
    )
    return db.session.scalars(query.order_by(ApiToken.id.desc()).limit(100)).all()


def roles() -> Sequence[Role]:
    """All roles not given up, in the order they were made."""
    return db.session.scalars(select(Role).where(Role.valid_to.is_(None)).order_by(Role.id)).all()


def role(role_id: int) -> Role:
    """One role. Raises NotFound."""
    found = db.session.scalars(select(Role).where(Role.id == role_id)).first()
    if found is None:
        raise NotFound
    return found


def holder_counts(today: date) -> dict[int, int]:
    """How many people hold each role on a day, by role id."""
    rows = db.session.execute(
        select(RoleGrant.role_id, func.count(func.distinct(RoleGrant.person_id)).label("people"))
        .where(valid_on(RoleGrant, today))
        .group_by(RoleGrant.role_id)
    )
    return {row.role_id: row.people for row in rows}


def crews(
    today: date, *, ids: Sequence[int] | None = None, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Any]:
    """Crews by code with the number of their members on a day; `ids` limits them to those."""
    members = (
        select(func.count())
        .select_from(CrewMember)
        .where(
            CrewMember.institution_id == Crew.institution_id, CrewMember.crew_id == Crew.id, valid_on(CrewMember, today)
        )
        .correlate(Crew)
        .scalar_subquery()
    )
    query = select(Crew.id, Crew.code, Crew.name, Crew.contractor, members.label("members")).where(
        valid_on(Crew, today)
    )
    if ids is not None:
        query = query.where(Crew.id.in_(ids))
    return paging.page(query, [("code", Crew.code.asc()), ("id", Crew.id.asc())], cursor, limit)


def crew(crew_id: int, *, within: Sequence[int] | None = None) -> Crew:
    """One crew, closed ones included, of those of the ids `within` (None: of all). Raises NotFound."""
    query = select(Crew).where(Crew.id == crew_id)
    found = db.session.scalars(query if within is None else query.where(Crew.id.in_(within))).first()
    if found is None:
        raise NotFound
    return found


def members(
    crew_id: int, today: date, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> paging.Page[Any]:
    """Members of a crew on a day, by name: member_id, id, name, lang, sort_key, phone, valid_from, valid_to."""
    query: Any = (
        select(
            CrewMember.id.label("member_id"),
            Person.id,
            Person.name,
            Person.lang,
            Person.sort_key,
            Person.phone,
            CrewMember.valid_from,
            CrewMember.valid_to,
        )
        .join(Person, and_(Person.institution_id == CrewMember.institution_id, Person.id == CrewMember.person_id))
        .where(CrewMember.crew_id == crew_id, valid_on(CrewMember, today))
    )
    return paging.page(query, [("sort_key", Person.sort_key.asc()), ("id", Person.id.asc())], cursor, limit)


def org_unit(org_unit_id: int) -> OrgUnit:
    """One org unit, closed ones included. Raises NotFound."""
    found = db.session.scalars(select(OrgUnit).where(OrgUnit.id == org_unit_id)).first()
    if found is None:
        raise NotFound
    return found


def org_children(parent_id: int | None, today: date, cursor: str | None = None) -> paging.Page[Any]:
    """Units right below another (None: the topmost) with the number of their own units and direct members."""
    child = OrgUnit.__table__.alias("child")
    below = (
        select(func.count())
        .select_from(child)
        .where(
            child.c.institution_id == OrgUnit.institution_id,
            child.c.parent_id == OrgUnit.id,
            not_over(child.c, today),
        )
        .correlate(OrgUnit)
        .scalar_subquery()
    )
    people = (
        select(func.count())
        .select_from(OrgMembership)
        .where(
            OrgMembership.institution_id == OrgUnit.institution_id,
            OrgMembership.org_unit_id == OrgUnit.id,
            OrgMembership.during.contains(today),
        )
        .correlate(OrgUnit)
        .scalar_subquery()
    )
    query = select(
        OrgUnit.id, OrgUnit.kind, OrgUnit.code, OrgUnit.name, below.label("units"), people.label("people")
    ).where(
        OrgUnit.parent_id.is_(None) if parent_id is None else OrgUnit.parent_id == parent_id, valid_on(OrgUnit, today)
    )
    return paging.page(query, [("code", OrgUnit.code.asc()), ("id", OrgUnit.id.asc())], cursor)


def org_by_code(code: str) -> OrgUnit | None:
    """The present org unit of a code."""
    return db.session.scalars(select(OrgUnit).where(OrgUnit.code == code, OrgUnit.valid_to.is_(None))).first()


def org_meant(text: str) -> OrgUnit | None:
    """The present org unit of a code, or the only one of a name."""
    if (found := org_by_code(text)) is not None:
        return found
    named = select(OrgUnit).where(OrgUnit.name == text, OrgUnit.valid_to.is_(None))
    found_by_name = db.session.scalars(named.limit(2)).all()
    return found_by_name[0] if len(found_by_name) == 1 else None


def crew_by_code(code: str) -> Crew | None:
    """The present crew of a code."""
    return db.session.scalars(select(Crew).where(Crew.code == code, Crew.valid_to.is_(None))).first()


def scope_places(today: date) -> Sequence[Place]:
    """Campuses and buildings a role can hold in, by path; at most 1,000."""
    query = select(Place).where(Place.kind.in_(("campus", "building")), valid_on(Place, today))
    return db.session.scalars(query.order_by(Place.path, Place.id).limit(1000)).all()
