"""Passwords: hashed with argon2id, checked in equal time, changed by their owner or set by an administrator."""

from __future__ import annotations

import secrets
from datetime import datetime

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person, PersonIdentifier
from app.accounts.rules import passwords as rules
from app.accounts.services import sessions
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Rejected

# OWASP's second set: 32 parallel sign-ins then take 600 MB, not the library's 2 GB
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# what an unknown name is checked against, so that it takes as long as a known one
_nobody = _hasher.hash(secrets.token_urlsafe(16))

# no 0/o, 1/l/i: somebody types it from paper
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"

SENTENCES = {
    "too_short": _l("Use at least 12 characters; a few words with spaces are fine."),
    "too_long": _l("Use at most 200 characters."),
    "guessable": _l("This is easy to guess: it is made of common words, your own data, rows of keys or repetitions."),
}


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return _hasher.hash(password)


def right(stored: str | None, password: str) -> bool:
    """Whether the password fits the stored hash; takes as long where there is none."""
    try:
        _hasher.verify(stored or _nobody, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def renew_hash(person: Person, password: str) -> None:
    """Hash again with today's parameters, at a sign-in that was right."""
    if person.password_hash and _hasher.check_needs_rehash(person.password_hash):
        person.password_hash = _hasher.hash(password)


def generate() -> str:
    """A password of 75 random bits that can be read out and typed."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(3))


def check(password: str, person: Person | None = None, *, known: tuple[str, ...] = ()) -> None:
    """Raise Rejected (field `password`) for one that is too short or guessable (reliability.md 6.2)."""
    found = rules.problems(password, known=(*known, *(_known(person) if person else ())))
    if found:
        raise Rejected(fields={"password": [SENTENCES[each] for each in found]})


def _known(person: Person) -> list[str]:
    numbers = db.session.scalars(
        select(PersonIdentifier.value).where(
            PersonIdentifier.person_id == person.id, PersonIdentifier.kind != "identity_document"
        )
    )
    own = [person.name, person.username, person.email, person.phone, person.sort_key, *numbers]
    return [*filter(None, own), person.sort_key.replace(" ", "")]


def set_password(actor: Actor, person: Person, password: str, now: datetime, *, must_change: bool) -> None:
    """Give a person a new password and end all their sessions and tokens. Raises Rejected.

    `must_change`: it was chosen by somebody else, so the first sign-in asks for another.
    """
    check(password, person)
    person.password_hash = _hasher.hash(password)
    person.password_changed_at = now
    person.must_change_password = must_change
    db.session.flush()
    sessions.close_sessions(person.id, now=now)
    audit.record(
        actor,
        "person.password",
        "person",
        person.id,
        now=now,
        after={"by": "self" if person.id == actor.id else "other"},
    )
