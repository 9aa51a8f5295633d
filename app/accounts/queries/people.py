"""Reading people: by id, by name, in lists, as one whole page."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, and_, func, or_, select, true

from app.accounts.models import (
    Crew,
    CrewMember,
    OrgMembership,
    OrgUnit,
    Person,
    PersonHome,
    PersonIdentifier,
    Role,
    RoleGrant,
)
from app.accounts.queries.reach import reached, subtree
from app.audit import labels as audit_labels
from app.core import paging
from app.core.actor import Actor
from app.core.db import db, is_over, not_over, valid_on
from app.core.errors import NotFound
from app.sites import queries as places
from app.sites.models import Place

NUMBER_KINDS = ("student_no", "staff_no")
State = Literal["active", "disabled", "no_account", "missing"]
STATES: tuple[State, ...] = ("active", "disabled", "no_account", "missing")
MAX_TERMS = 5


@dataclass(slots=True)
class PersonLine:
    """One row of a list of people. `roles` holds (code, name), `units` the names of the present org units."""

    id: int
    name: str
    lang: str
    username: str | None
    state: State
    sort_key: str
    number: str | None = None
    roles: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    units: list[str] = field(default_factory=list)


def person_by_username(username: str) -> Person | None:
    """The person of an account name, upper and lower case alike."""
    return db.session.scalars(select(Person).where(func.lower(Person.username) == username.lower())).first()


REMOVED = _l("removed person")
"""What people are called who were taken back with the import that had made them: their rows have no name."""


def names(person_ids: Iterable[int | None]) -> dict[int, str]:
    """Names by person id, one statement; of a person merged into another too. Unknown ids are absent."""
    wanted = {each for each in person_ids if each is not None}
    if not wanted:
        return {}
    rows = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
    return {row.id: row.name or str(REMOVED) for row in rows}


def called(numbers: Collection[str]) -> dict[str, str]:
    """Names by numbers as text, for the audit log."""
    return {
        str(person_id): name for person_id, name in names(int(each) for each in numbers if each.isdecimal()).items()
    }


def numbered(typed: str) -> Collection[int]:
    """Whom the audit log means by a student or staff number, former ones too, or by an account name."""
    numbers = select(PersonIdentifier.person_id).where(
        PersonIdentifier.kind.in_(NUMBER_KINDS), PersonIdentifier.value == typed
    )
    named = select(Person.id).where(func.lower(Person.username) == typed.lower())
    return db.session.scalars(numbers.union(named).limit(audit_labels.MEANT_AT_MOST)).all()


audit_labels.declare(
    numbers={"person": numbered},
    names={
        "person": called,
        "role": audit_labels.named_by(Role.id, Role.name, Role.code),
        "crew": audit_labels.named_by(Crew.id, Crew.name),
        "org_unit": audit_labels.named_by(OrgUnit.id, OrgUnit.name),
    },
)


def by_ids(person_ids: Collection[int]) -> dict[int, Person]:
    """People by id, one statement; unknown ids are absent."""
    if not person_ids:
        return {}
    return {each.id: each for each in db.session.scalars(select(Person).where(Person.id.in_(set(person_ids))))}


def reaches(viewer: Actor, permission: str, person_id: int, now: datetime) -> bool:
    """Whether the viewer's permission extends to the person."""
    if viewer.holds_everywhere(permission):
        return True
    query = select(Person.id).where(Person.id == person_id, reached(viewer, permission, places.today(now)))
    return viewer.can(permission) and db.session.scalar(query) is not None


def finds(viewer: Actor, permission: str, person_id: int, now: datetime) -> bool:
    """Whether the person is among those the viewer finds in lists and by `find_one`; who was merged away is not."""
    return (
        db.session.execute(_list(viewer, permission, places.today(now)).where(Person.id == person_id)).first()
        is not None
    )


def person_for(viewer: Actor, permission: str, person_id: int, now: datetime) -> Person:
    """The person, where the viewer reaches them with the permission. Raises NotFound otherwise."""
    query = select(Person).where(Person.id == person_id, reached(viewer, permission, places.today(now)))
    found = db.session.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def current_number(person_id: int) -> str | None:
    """The present student or staff number."""
    return _numbers([person_id]).get(person_id)


def home_place(person_id: int, now: datetime) -> Place | None:
    """Where the person lives now."""
    query = (
        select(Place)
        .join(PersonHome, and_(PersonHome.institution_id == Place.institution_id, PersonHome.place_id == Place.id))
        .where(PersonHome.person_id == person_id, PersonHome.during.contains(places.today(now)))
    )
    return db.session.scalars(query).first()


def _state(disabled: datetime | None, ended: bool, missing: datetime | None, can_sign_in: bool) -> State:
    if disabled is not None or ended:
        return "disabled"
    if missing is not None:
        return "missing"
    return "active" if can_sign_in else "no_account"


def state_of(person: Person, today: date) -> State:
    """The account's state, as lists show it."""
    ended, can_sign_in = person.over_by(today), person.password_hash is not None
    return _state(person.disabled_at, ended, person.missing_since, can_sign_in)


def _in_state(state: State, today: date) -> ColumnElement[bool]:
    if state == "disabled":
        return or_(Person.disabled_at.is_not(None), Person.valid_to <= today)
    present = and_(Person.disabled_at.is_(None), not_over(Person, today))
    if state == "missing":
        return and_(present, Person.missing_since.is_not(None))
    here = and_(present, Person.missing_since.is_(None))
    if state == "active":
        return and_(here, Person.password_hash.is_not(None))
    return and_(here, Person.password_hash.is_(None))


def matching(q: str) -> ColumnElement[bool]:
    """People whose name, number, account name or pinyin contains every word of the query."""
    terms = q.lower().split()[:MAX_TERMS]
    return and_(true(), *(Person.search.contains(term, autoescape=True) for term in terms))


def _list(viewer: Actor, permission: str, today: date) -> Any:
    return select(
        Person.id,
        Person.name,
        Person.lang,
        Person.username,
        Person.sort_key,
        Person.disabled_at,
        Person.missing_since,
        Person.valid_to,
        Person.password_hash.is_not(None).label("can_sign_in"),
    ).where(Person.merged_into_id.is_(None), reached(viewer, permission, today))


def missing(viewer: Actor, now: datetime) -> int:
    """How many people the viewer reads were not in the last list of their part."""
    today = places.today(now)
    reads = reached(viewer, "people.read", today)
    found = select(func.count()).select_from(Person).where(Person.merged_into_id.is_(None), reads)
    return db.session.scalar(found.where(_in_state("missing", today))) or 0


def people(
    viewer: Actor,
    now: datetime,
    *,
    q: str = "",
    role: str | None = None,
    org_unit_id: int | None = None,
    state: State | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
    permission: str = "people.read",
) -> paging.Page[PersonLine]:
    """People the viewer reaches, by pinyin of the name; four statements however many."""
    today = places.today(now)
    query = _list(viewer, permission, today)
    if q.strip():
        query = query.where(matching(q))
    if role:
        query = query.where(Person.id.in_(_holders(role, today)))
    if org_unit_id is not None:
        query = query.where(Person.id.in_(_members(org_unit_id, today)))
    if state is not None:
        query = query.where(_in_state(state, today))
    keys: Any = [("sort_key", Person.sort_key.asc()), ("id", Person.id.asc())]
    found = paging.page(query, keys, cursor, limit)
    return paging.Page(_described(found.items, today), found.next)


def _holders(role: str, today: date) -> Any:
    return (
        select(RoleGrant.person_id)
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .where(Role.code == role, valid_on(RoleGrant, today))
    )


def _members(org_unit_id: int, today: date) -> Any:
    return select(OrgMembership.person_id).where(
        OrgMembership.org_unit_id.in_(select(subtree([org_unit_id]).c.id)), OrgMembership.during.contains(today)
    )


def _described(rows: Sequence[Row[Any]], today: date) -> list[PersonLine]:
    lines = {
        row.id: PersonLine(
            id=row.id,
            name=row.name,
            lang=row.lang,
            username=row.username,
            sort_key=row.sort_key,
            state=_state(row.disabled_at, is_over(row.valid_to, today), row.missing_since, row.can_sign_in),
        )
        for row in rows
    }
    for person_id, number in _numbers(lines).items():
        lines[person_id].number = number
    for person_id, code, name in _roles(lines, today):
        if (code, name) not in lines[person_id].roles:
            lines[person_id].roles.append((code, name))
    for person_id, name in _units(lines, today):
        lines[person_id].units.append(name)
    return list(lines.values())


def _numbers(person_ids: Collection[int]) -> dict[int, str]:
    if not person_ids:
        return {}
    rows = db.session.execute(
        select(PersonIdentifier.person_id, PersonIdentifier.value)
        .where(
            PersonIdentifier.person_id.in_(person_ids),
            PersonIdentifier.kind.in_(NUMBER_KINDS),
            PersonIdentifier.valid_to.is_(None),
        )
        .order_by(PersonIdentifier.id.desc())
    )
    return {row.person_id: row.value for row in rows}


def _roles(person_ids: Collection[int], today: date) -> Iterable[Any]:
    if not person_ids:
        return ()
    return db.session.execute(
        select(RoleGrant.person_id, Role.code, Role.name)
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .where(RoleGrant.person_id.in_(person_ids), valid_on(RoleGrant, today))
        .order_by(Role.id)
    ).all()


def _units(person_ids: Collection[int], today: date) -> Iterable[Any]:
    if not person_ids:
        return ()
    return db.session.execute(
        select(OrgMembership.person_id, OrgUnit.name)
        .join(
            OrgUnit,
            and_(OrgUnit.institution_id == OrgMembership.institution_id, OrgUnit.id == OrgMembership.org_unit_id),
        )
        .where(OrgMembership.person_id.in_(person_ids), OrgMembership.during.contains(today))
        .order_by(OrgUnit.id)
    ).all()


def find_one(viewer: Actor, permission: str, typed: str, now: datetime) -> list[PersonLine]:
    """Who is meant by what was typed: the one with that number or account name, else those found (at most ten)."""
    today = places.today(now)
    text = typed.strip()
    if not text:
        return []
    exact = _list(viewer, permission, today).where(
        or_(
            func.lower(Person.username) == text.lower(),
            Person.id.in_(
                select(PersonIdentifier.person_id).where(
                    PersonIdentifier.kind.in_(NUMBER_KINDS),
                    PersonIdentifier.value == text,
                    PersonIdentifier.valid_to.is_(None),
                )
            ),
        )
    )
    rows = db.session.execute(exact.limit(2)).all()
    if len(rows) != 1:
        rows = db.session.execute(
            _list(viewer, permission, today).where(matching(text)).order_by(Person.sort_key, Person.id).limit(10)
        ).all()
    return _described(rows, today)


def crew_members(crew_ids: Collection[int], today: date) -> dict[int, list[int]]:
    """Person ids by crew id on a day; one statement. Crews without members are absent."""
    if not crew_ids:
        return {}
    found: dict[int, list[int]] = {}
    rows = db.session.execute(
        select(CrewMember.crew_id, CrewMember.person_id)
        .where(CrewMember.crew_id.in_(set(crew_ids)), valid_on(CrewMember, today))
        .order_by(CrewMember.person_id)
    )
    for row in rows:
        found.setdefault(row.crew_id, []).append(row.person_id)
    return found


def crews_of(person_id: int, today: date) -> list[Crew]:
    """The crews a person belongs to on a day."""
    query = (
        select(Crew)
        .join(CrewMember, and_(CrewMember.institution_id == Crew.institution_id, CrewMember.crew_id == Crew.id))
        .where(CrewMember.person_id == person_id, valid_on(CrewMember, today), valid_on(Crew, today))
        .order_by(Crew.code)
    )
    return list(db.session.scalars(query))
