"""Who acts: session or token, person, grants and home in one statement."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Date, DateTime, Select, and_, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.accounts.models import ApiToken, LoginSession, Person, PersonHome, Role, RoleGrant
from app.accounts.rules.roles import carried
from app.core.actor import Actor, Grant, Scope
from app.core.db import db, valid_on
from app.core.prepared import Prepared
from app.sites import queries as places


def token_digest(secret: str) -> bytes:
    """How a 128-bit (or longer) secret is stored: its SHA-256; slow hashing adds nothing to random secrets."""
    return hashlib.sha256(secret.encode()).digest()


def _grants(today: Any) -> Any:
    """The person's valid grants as one jsonb array, so that the actor is one row of one statement."""
    return (
        select(
            func.coalesce(
                func.jsonb_agg(
                    aggregate_order_by(
                        func.jsonb_build_array(Role.code, Role.permissions, RoleGrant.scope_kind, RoleGrant.scope_id),
                        RoleGrant.id,
                    )
                ),
                literal_column("'[]'::jsonb"),
            )
        )
        .select_from(RoleGrant)
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .where(
            RoleGrant.institution_id == Person.institution_id,
            RoleGrant.person_id == Person.id,
            valid_on(RoleGrant, today),
        )
        .correlate(Person)
        .scalar_subquery()
    )


def _home(today: Any) -> Any:
    return (
        select(PersonHome.place_id)
        .where(
            PersonHome.institution_id == Person.institution_id,
            PersonHome.person_id == Person.id,
            PersonHome.during.contains(today),
        )
        .correlate(Person)
        .limit(1)
        .scalar_subquery()
    )


def _person_columns(today: Any) -> tuple[Any, ...]:
    return (
        Person.id.label("person_id"),
        Person.name,
        Person.username,
        Person.locale,
        Person.must_change_password,
        _grants(today).label("grants"),
        _home(today).label("home_place_id"),
    )


def _valid(query: Select[Any], today: Any) -> Select[Any]:
    return query.where(
        Person.disabled_at.is_(None),
        Person.merged_into_id.is_(None),
        valid_on(Person, today),
    )


def session_row(digest: bytes, now: datetime) -> Any | None:
    """Session, person, roles and home of a live session, in one statement; None where it is not (or no longer) one."""
    return _SESSION.first({"digest": digest, "now": now, "today": places.today(now)})


def _session_query() -> Select[Any]:
    today, now = bindparam("today", type_=Date()), bindparam("now", type_=DateTime(timezone=True))
    query: Any = (
        select(
            *_person_columns(today),
            LoginSession.id.label("session_id"),
            LoginSession.last_seen_at,
            LoginSession.idle_seconds,
        )
        .join(
            Person,
            and_(Person.institution_id == LoginSession.institution_id, Person.id == LoginSession.person_id),
        )
        .where(
            LoginSession.token_hash == bindparam("digest"),
            LoginSession.revoked_at.is_(None),
            LoginSession.ends_at > now,
            LoginSession.last_seen_at + func.make_interval(0, 0, 0, 0, 0, 0, LoginSession.idle_seconds) > now,
        )
    )
    return _valid(query, today)


def token_row(digest: bytes, now: datetime) -> Any | None:
    """The same for a bearer token."""
    return _TOKEN.first({"digest": digest, "now": now, "today": places.today(now)})


def _token_query() -> Select[Any]:
    today, now = bindparam("today", type_=Date()), bindparam("now", type_=DateTime(timezone=True))
    query: Any = (
        select(
            *_person_columns(today),
            ApiToken.id.label("token_id"),
            ApiToken.scopes.label("limited_to"),
            ApiToken.last_used_at,
        )
        .join(Person, and_(Person.institution_id == ApiToken.institution_id, Person.id == ApiToken.person_id))
        .where(ApiToken.token_hash == bindparam("digest"), ApiToken.revoked_at.is_(None), ApiToken.expires_at > now)
    )
    return _valid(query, today)


_SESSION = Prepared(_session_query)
_TOKEN = Prepared(_token_query)


def as_actor(row: Any, institution_id: int, *, kind: Any = "person", session_id: int | None = None) -> Actor:
    """The actor of a row with the columns of `session_row`."""
    limited = getattr(row, "limited_to", None)
    return Actor(
        kind=kind,
        institution_id=institution_id,
        id=row.person_id,
        name=row.name,
        username=row.username or "",
        locale=row.locale,
        grants=tuple(
            _grant(role, frozenset(permissions), Scope(scope_kind, scope_id))
            for role, permissions, scope_kind, scope_id in row.grants
        ),
        limited_to=None if limited is None else frozenset(limited),
        session_id=session_id,
        home_place_id=row.home_place_id,
    )


def _grant(role: str, permissions: frozenset[str], scope: Scope) -> Grant:
    given = carried(permissions, scope.kind)
    return Grant(role, given, scope, short=permissions - given)


def actor_of(person_id: int, institution_id: int, now: datetime) -> Actor | None:
    """The actor somebody would be when signed in now; for commands, jobs and tests."""
    today = places.today(now)
    query = _valid(select(*_person_columns(today)).where(Person.id == person_id), today)
    row = db.session.execute(query).first()
    return None if row is None else as_actor(row, institution_id)
