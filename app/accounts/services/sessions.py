"""Sessions on the server and bearer tokens: opened, kept fresh, revoked."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Update, delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from app.accounts import queries
from app.accounts.models import ApiToken, LoginSession, Person, Role, SignInFailure
from app.audit import services as audit
from app.core import settings
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound, Rejected
from app.core.transaction import apart

log = logging.getLogger(__name__)

STAFF_IDLE = settings.declare(
    "sessions.staff_idle_minutes",
    30,
    kind=int,
    low=5,
    high=720,
    unit="min",
    words=_l("Staff are signed out when idle for"),
)
STAFF_ENDS = settings.declare(
    "sessions.staff_hours", 12, kind=int, low=1, high=72, unit="h", words=_l("Staff sign in again after")
)
OTHERS_IDLE = settings.declare(
    "sessions.others_idle_days", 7, kind=int, low=1, high=90, unit="d", words=_l("Others are signed out when idle for")
)
OTHERS_END = settings.declare(
    "sessions.others_days", 30, kind=int, low=1, high=180, unit="d", words=_l("Others sign in again after")
)
TOKEN_LIFE = timedelta(days=30)
TOKEN_DAYS = (7, 30, 90, 365)
"""Lives of tokens a person may choose on their own page."""
MAX_TOKENS = 20
SEEN_EVERY = timedelta(minutes=1)
FAILURES_KEPT = timedelta(days=1)
SESSIONS_KEPT = timedelta(days=90)
"""After their end; who signed in when stays in the audit log."""


def limits(person: Person, now: datetime) -> tuple[timedelta, timedelta]:
    """(idle, absolute) limits: short where any of the person's roles is a staff role (reliability.md 7.3.1)."""
    actor = queries.actor_of(person.id, person.institution_id, now)
    if actor is not None and _has_staff_role(actor):
        return timedelta(minutes=settings.get(STAFF_IDLE)), timedelta(hours=settings.get(STAFF_ENDS))
    return timedelta(days=settings.get(OTHERS_IDLE)), timedelta(days=settings.get(OTHERS_END))


def _has_staff_role(actor: Actor) -> bool:
    held = actor.roles
    if not held:
        return False
    return db.session.scalar(select(Role.id).where(Role.code.in_(held), Role.staff).limit(1)) is not None


def person_as_actor(person: Person) -> Actor:
    """The person as the one who did something at sign-in, before the request has an actor."""
    return Actor(kind="person", institution_id=person.institution_id, id=person.id, name=person.name)


def open_session(
    person: Person, *, address: str | None, device: str | None, now: datetime, signed_in: bool = True
) -> str:
    """A new session; returns its secret for the cookie. `signed_in` False: it replaces one, nobody signed in."""
    idle, absolute = limits(person, now)
    secret = secrets.token_urlsafe(24)
    db.session.add(
        LoginSession(
            person_id=person.id,
            token_hash=queries.token_digest(secret),
            created_at=now,
            last_seen_at=now,
            idle_seconds=int(idle.total_seconds()),
            ends_at=now + absolute,
            address=address,
            device=(device or "")[:200] or None,
        )
    )
    if signed_in:
        audit.record(person_as_actor(person), "sign-in", "person", person.id, now=now, address=address)
    return secret


def close_session(session_id: int, *, now: datetime) -> None:
    """Revoke one session (sign-out)."""
    db.session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke_own_session(actor: Actor, session_id: int, now: datetime) -> None:
    """Revoke one of the actor's own sessions. Raises NotFound for anybody else's."""
    changed = db.session.execute(
        update(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.person_id == actor.id, LoginSession.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(LoginSession.id)
    ).first()
    if changed is None:
        raise NotFound
    audit.record(actor, "session.revoke", "person", actor.id, now=now, after={"session": session_id})


def revoke_other_sessions(actor: Actor, now: datetime) -> None:
    """Sign out every browser of the actor but this one; tokens stay."""
    db.session.execute(
        update(LoginSession)
        .where(
            LoginSession.person_id == actor.id,
            LoginSession.id != (actor.session_id or 0),
            LoginSession.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    audit.record(actor, "session.revoke", "person", actor.id, now=now, after={"session": "others"})


def close_sessions(person_id: int, *, now: datetime) -> None:
    """Revoke all sessions and tokens of a person: on disabling, role change and new password (ASVS 7.4)."""
    opened = (LoginSession.person_id == person_id, LoginSession.revoked_at.is_(None))
    db.session.execute(update(LoginSession).where(*opened).values(revoked_at=now))
    db.session.execute(
        update(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    )


def close_all_of(actor: Actor, person: Person, now: datetime) -> None:
    """An administrator signs a person out everywhere; tokens end too."""
    close_sessions(person.id, now=now)
    audit.record(actor, "session.revoke", "person", person.id, now=now, after={"session": "all"})


def note_seen(session_id: int, last_seen_at: datetime, now: datetime) -> None:
    """Keep `last_seen_at` fresh, at most once a minute, apart from the request's transaction."""
    if now - last_seen_at < SEEN_EVERY:
        return
    _note(update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=now))


def note_token_used(token_id: int, last_used_at: datetime | None, now: datetime) -> None:
    """The same for a token."""
    if last_used_at is not None and now - last_used_at < SEEN_EVERY:
        return
    _note(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))


def _note(statement: Update) -> None:
    """Write a trace of use; given up where the row or the small pool is busy, since the request matters more."""
    try:
        with apart() as session:
            session.execute(statement)
    except SQLAlchemyError as error:
        log.warning("last use not noted", extra={"error": type(error).__name__})


def issue_token(
    person_id: int, *, name: str, scopes: Collection[str] | None, now: datetime, life: timedelta = TOKEN_LIFE
) -> tuple[str, ApiToken]:
    """A new bearer token; returns its secret (shown once) and what is kept of it."""
    secret = f"hq_{secrets.token_urlsafe(32)}"
    narrowed: dict[str, Any] = {} if scopes is None else {"scopes": sorted(scopes)}
    made = ApiToken(
        person_id=person_id,
        name=name,
        token_hash=queries.token_digest(secret),
        created_at=now,
        expires_at=now + life,
        **narrowed,
    )
    db.session.add(made)
    return secret, made


def token_by_password(person: Person, *, address: str, now: datetime) -> tuple[str, datetime]:
    """The token of POST /tokens: like a sign-in, so it ends when a session would at the latest."""
    _idle, absolute = limits(person, now)
    secret, made = issue_token(person.id, name="POST /tokens", scopes=None, now=now, life=absolute)
    audit.record(person_as_actor(person), "token.create", "person", person.id, now=now, address=address)
    return secret, made.expires_at


def create_token(
    actor: Actor, *, name: str, scopes: Collection[str] | None, days: int, now: datetime
) -> tuple[str, ApiToken]:
    """A token of the actor's own for a machine; returns its secret and what is kept of it.

    `scopes` narrows it (None: all the actor may do, now and later). Raises Rejected.
    """
    if scopes is not None and not scopes:
        raise Rejected(fields={"scopes": _l("Choose at least one, or let the token do all you may do.")})
    if scopes is not None and (foreign := [each for each in scopes if not actor.can(each)]):
        raise Rejected(fields={"scopes": _l("You do not hold this yourself: %(names)s", names=", ".join(foreign))})
    if len(queries.live_tokens(actor.id or 0, now)) >= MAX_TOKENS:
        raise Rejected(_l("You have 20 tokens already. Revoke one you no longer use."))
    secret, made = issue_token(actor.id or 0, name=name, scopes=scopes, now=now, life=timedelta(days=days))
    audit.record(
        actor,
        "token.create",
        "person",
        actor.id,
        now=now,
        after={"name": name, "scopes": "all" if scopes is None else sorted(scopes), "days": days},
    )
    db.session.flush()
    return secret, made


def revoke_token(actor: Actor, person_id: int, token_id: int, now: datetime) -> None:
    """Revoke a token of a person: their own or, by an administrator, somebody's. Raises NotFound."""
    changed = db.session.execute(
        update(ApiToken)
        .where(ApiToken.id == token_id, ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiToken.name)
    ).first()
    if changed is None:
        raise NotFound
    audit.record(actor, "token.revoke", "person", person_id, now=now, before={"name": changed.name})


def sweep(now: datetime) -> None:
    """Remove failures that no longer count and sessions whose end is long past."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.at < now - FAILURES_KEPT))
    db.session.execute(delete(LoginSession).where(LoginSession.ends_at < now - SESSIONS_KEPT))
