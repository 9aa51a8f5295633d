"""People, roles and signed-in browsers for tests."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from app.accounts import queries, services
from app.accounts.models import (
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
from app.accounts.rules.roles import SEEDS
from app.core import clock
from app.core.actor import Actor
from app.core.db import db

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)
_hash: list[str] = []


def password_hash() -> str:
    """One argon2 hash for all test people: hashing is slow on purpose."""
    if not _hash:
        _hash.append(services.hash_password(PASSWORD))
    return _hash[0]


def role(code: str) -> Role:
    """The seeded role of a code, made on first use."""
    found = db.session.scalars(select(Role).where(Role.code == code)).first()
    if found is None:
        seed = next(each for each in SEEDS if each.code == code)
        found = Role(
            code=code,
            name={"zh-CN": seed.zh, "en": seed.en},
            permissions=sorted(seed.permissions),
            staff=seed.staff,
        )
        db.session.add(found)
        db.session.flush()
    return found


def person(
    *roles: str,
    name: str | None = None,
    username: str | None = None,
    scope_kind: str = "institution",
    scope_id: int | None = None,
    locale: str | None = None,
    **more: object,
) -> Person:
    """A person with an account and roles in one scope."""
    number = next(_numbers)
    shown, account = name or f"张三{number}", username or f"user{number}"
    sort_key, search = services.people.keys(shown, username=account)
    made = Person(
        name=shown,
        username=account,
        password_hash=password_hash(),
        sort_key=sort_key,
        search=search,
        locale=locale,
        **more,
    )
    db.session.add(made)
    db.session.flush()
    for code in roles:
        grant(made, code, scope_kind=scope_kind, scope_id=scope_id)
    return made


def grant(made: Person, code: str, *, scope_kind: str = "institution", scope_id: int | None = None) -> RoleGrant:
    held = RoleGrant(person_id=made.id, role_id=role(code).id, scope_kind=scope_kind, scope_id=scope_id)
    db.session.add(held)
    db.session.flush()
    return held


def number(made: Person, value: str, kind: str = "student_no") -> PersonIdentifier:
    """A present number of the person, found by searching too."""
    held = PersonIdentifier(person_id=made.id, kind=kind, value=value)
    db.session.add(held)
    made.search = f"{made.search} {value}"
    db.session.flush()
    return held


def home(made: Person, place_id: int, start: date = date(2026, 9, 1), end: date | None = None) -> PersonHome:
    """Where the person lives."""
    held = PersonHome(person_id=made.id, place_id=place_id, during=Range(start, end))
    db.session.add(held)
    db.session.flush()
    return held


def org_unit(name: str = "计算机学院", *, kind: str = "college", parent: OrgUnit | None = None) -> OrgUnit:
    """A college, class or department."""
    made = OrgUnit(kind=kind, name=name, code=f"U{next(_numbers)}", parent_id=parent.id if parent else None)
    db.session.add(made)
    db.session.flush()
    return made


def member_of(made: Person, unit: OrgUnit, start: date = date(2026, 9, 1), end: date | None = None) -> OrgMembership:
    """The person belongs to an org unit."""
    held = OrgMembership(person_id=made.id, org_unit_id=unit.id, during=Range(start, end))
    db.session.add(held)
    db.session.flush()
    return held


def crew(*members: Person, name: str = "水电班", contractor: bool = False) -> Crew:
    """A crew with its members."""
    made = Crew(code=f"C{next(_numbers)}", name={"zh-CN": name, "en": name}, contractor=contractor)
    db.session.add(made)
    db.session.flush()
    db.session.add_all(CrewMember(crew_id=made.id, person_id=each.id) for each in members)
    db.session.flush()
    return made


def actor(made: Person, now: datetime | None = None) -> Actor:
    """The actor of a person as the edge would load it."""
    found = queries.actor_of(made.id, made.institution_id, now or clock.now())
    assert found is not None
    return found


def sign_in(client: FlaskClient, made: Person) -> FlaskClient:
    """Give the client's cookie jar a session of the person, without the slow password check."""
    secret = f"secret-{next(_numbers)}-{made.id}"
    moment = clock.now()
    db.session.add(
        LoginSession(
            person_id=made.id,
            token_hash=queries.token_digest(secret),
            created_at=moment,
            last_seen_at=moment,
            idle_seconds=86400,
            ends_at=datetime(2099, 1, 1, tzinfo=UTC),
        )
    )
    db.session.flush()
    with client.session_transaction() as cookie:
        cookie["sid"] = secret
    return client


def token(made: Person, *, life: timedelta = timedelta(hours=1), scopes: Sequence[str] | None = None) -> dict[str, str]:
    """Headers of a bearer token of the person, for all he may or for `scopes` alone."""
    secret, _ends = services.issue_token(made.id, name="test", scopes=scopes, now=clock.now(), life=life)
    db.session.flush()
    return {"Authorization": f"Bearer {secret}"}
