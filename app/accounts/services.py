"""Sign-in, sessions and tokens."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select, update

from app.accounts import queries
from app.accounts.models import ApiToken, LoginSession, Person, Role, SignInFailure
from app.audit import services as audit
from app.core import settings
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotAllowed, Rejected
from app.core.transaction import apart

settings.declare(
    "sign_in.failures_per_account",
    5,
    kind=int,
    low=3,
    high=100,
    words=_l("Failed sign-ins of an account in 15 minutes before it must wait"),
)
settings.declare(
    "sign_in.failures_per_address",
    50,
    kind=int,
    low=10,
    high=10_000,
    words=_l("Failed sign-ins of an address in 15 minutes before it must wait"),
)

FAILURE_WINDOW = timedelta(minutes=15)
STAFF_IDLE, STAFF_ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
OTHERS_IDLE, OTHERS_ABSOLUTE = timedelta(days=7), timedelta(days=30)
TOKEN_LIFE = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=1)

_hasher = PasswordHasher()
# what an unknown name is checked against, so that it takes as long as a known one
_nobody = _hasher.hash(secrets.token_urlsafe(16))


class TooManyFailures(NotAllowed):
    """Too many failed sign-ins; `retry_after` in seconds."""

    status = 429
    code = "too-many-sign-ins"


def hash_password(password: str) -> str:
    """argon2id with the library's parameters."""
    return _hasher.hash(password)


def sign_in(username: str, password: str, *, address: str, now: datetime) -> Person:
    """The person of a name and password. Equal answer and time for unknown names and wrong passwords.

    Raises Rejected, or TooManyFailures (reliability.md 6.3.1: 5 per account, 50 per address in 15 minutes).
    Failures are counted apart, since the request rolls back.
    """
    name = username.strip().lower()
    _refuse_after_failures(name, address, now)
    person = queries.person_by_username(name)
    right = _verify(person.password_hash if person else None, password)
    if person is None or not right or not _may_sign_in(person, now):
        with apart() as session:
            session.add(SignInFailure(username=name[:200], address=address, at=now))
            audit.record(
                Actor.anonymous(person.institution_id if person else 0),
                "sign-in",
                "person",
                person.id if person else None,
                now=now,
                after={"username": name[:200]},
                success=False,
                address=address,
                session=session,
            )
        raise Rejected(_l("Name or password is wrong."), code="sign-in-failed")
    if person.password_hash and _hasher.check_needs_rehash(person.password_hash):
        person.password_hash = _hasher.hash(password)
    return person


def _verify(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(stored or _nobody, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def _may_sign_in(person: Person, now: datetime) -> bool:
    today = now.date()
    return (
        person.disabled_at is None
        and person.merged_into_id is None
        and (person.valid_from is None or person.valid_from <= today)
        and (person.valid_to is None or person.valid_to > today)
    )


def _refuse_after_failures(username: str, address: str, now: datetime) -> None:
    since = now - FAILURE_WINDOW
    row = db.session.execute(
        select(
            func.count().filter(SignInFailure.username == username).label("account"),
            func.count().filter(SignInFailure.address == address).label("address"),
        ).where(
            SignInFailure.at > since, or_(SignInFailure.username == username, SignInFailure.address == address)
        )
    ).one()
    if row.account >= settings.get("sign_in.failures_per_account") or row.address >= settings.get(
        "sign_in.failures_per_address"
    ):
        raise TooManyFailures(_l("Too many failed sign-ins. Wait 15 minutes, then try again."))


def open_session(person: Person, *, address: str | None, device: str | None, now: datetime) -> str:
    """A new session; returns its secret for the cookie. Limits depend on whether any role is a staff role."""
    actor = queries.actor_of(person.id, person.institution_id, now)
    staff = actor is not None and _has_staff_role(actor)
    idle, absolute = (STAFF_IDLE, STAFF_ABSOLUTE) if staff else (OTHERS_IDLE, OTHERS_ABSOLUTE)
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
    audit.record(
        Actor(kind="person", institution_id=person.institution_id, id=person.id, name=person.name),
        "sign-in",
        "person",
        person.id,
        now=now,
        address=address,
    )
    return secret


def _has_staff_role(actor: Actor) -> bool:
    codes = actor.roles
    return bool(codes) and db.session.scalar(select(Role.id).where(Role.code.in_(codes), Role.staff).limit(1)) is not None


def close_session(session_id: int, *, now: datetime) -> None:
    """Revoke one session (sign-out)."""
    db.session.execute(update(LoginSession).where(LoginSession.id == session_id).values(revoked_at=now))


def close_sessions(person_id: int, *, now: datetime, but: int | None = None) -> None:
    """Revoke all sessions and tokens of a person: on disabling, role change and new password."""
    condition = [LoginSession.person_id == person_id, LoginSession.revoked_at.is_(None)]
    if but is not None:
        condition.append(LoginSession.id != but)
    db.session.execute(update(LoginSession).where(*condition).values(revoked_at=now))
    db.session.execute(
        update(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None)).values(revoked_at=now)
    )


def note_seen(session_id: int, last_seen_at: datetime, now: datetime) -> None:
    """Keep `last_seen_at` fresh, at most once a minute, apart from the request's transaction."""
    if now - last_seen_at < SEEN_EVERY:
        return
    with apart() as session:
        session.execute(update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=now))


def issue_token(
    person_id: int, *, name: str, scopes: list[str] | None, now: datetime, life: timedelta = TOKEN_LIFE
) -> tuple[str, datetime]:
    """A new bearer token; returns its secret (shown once) and its end."""
    secret = f"hq_{secrets.token_urlsafe(32)}"
    ends = now + life
    db.session.add(
        ApiToken(
            person_id=person_id,
            name=name,
            token_hash=queries.token_digest(secret),
            scopes=scopes,
            created_at=now,
            expires_at=ends,
        )
    )
    return secret, ends
