"""Name and password: equal answers, equal time, and a wait after too many failures."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, or_, select

from app.accounts import queries
from app.accounts.models import Person, SignInFailure
from app.accounts.services import passwords
from app.audit import services as audit
from app.core import settings
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import NotAllowed, Rejected
from app.core.transaction import apart
from app.sites import queries as places

PER_ACCOUNT = settings.declare(
    "sign_in.failures_per_account",
    5,
    kind=int,
    low=3,
    high=100,
    words=_l("Failed sign-ins of an account in 15 minutes before it must wait"),
)
PER_ADDRESS = settings.declare(
    "sign_in.failures_per_address",
    50,
    kind=int,
    low=10,
    high=10_000,
    words=_l("Failed sign-ins of an address in 15 minutes before it must wait"),
)
WINDOW = timedelta(minutes=15)
MAX_NAME = 200


class TooManyFailures(NotAllowed):
    """Too many failed sign-ins; `retry_after` in seconds."""

    status = 429
    code = "too-many-sign-ins"

    def __init__(self, retry_after: int) -> None:
        self.retry_after = retry_after
        minutes = ceil(retry_after / 60)
        super().__init__(_l("Too many failed sign-ins. Wait %(minutes)s min, then try again.", minutes=minutes))
        self.headers["Retry-After"] = str(retry_after)


class SignInFailed(Rejected):
    """Name or password is wrong; which of them, nobody says. 401 to a machine, 422 beside the form."""

    status = 401
    code = "sign-in-failed"

    def __init__(self) -> None:
        super().__init__(_l("Name or password is wrong."))
        self.headers["WWW-Authenticate"] = "Bearer"


def sign_in(username: str, password: str, *, address: str, now: datetime) -> Person:
    """The person of a name and password. Equal answer and time for unknown names and wrong passwords.

    Raises SignInFailed or TooManyFailures (reliability.md 6.3.1). Each attempt is written apart as a failure before the
    password is looked at, and taken back when it was right: parallel guesses are counted, and a request that dies
    counts as a failure.
    """
    name = username.strip().lower()[:MAX_NAME]
    attempt_id = _begin_attempt(name, address, now)
    _refuse_after_failures(attempt_id, name, address, now)
    person = queries.person_by_username(name)
    right = passwords.right(person.password_hash if person else None, password)
    if person is None or not right or not _may_sign_in(person, now):
        _note_failure(person, name, address, now)
        raise SignInFailed
    passwords.renew_hash(person, password)
    with apart() as session:  # what else the request asks for may be refused: the password was right all the same
        session.execute(delete(SignInFailure).where(SignInFailure.username == name))
    return person


def _begin_attempt(name: str, address: str, now: datetime) -> int:
    with apart() as session:
        attempt = SignInFailure(username=name, address=address, at=now)
        session.add(attempt)
        session.flush()
        return attempt.id


def _refuse_after_failures(attempt_id: int, name: str, address: str, now: datetime) -> None:
    """Count by account and by address, each on its own; this attempt is among them."""
    of_account, of_address = SignInFailure.username == name, SignInFailure.address == address
    row = db.session.execute(
        select(
            func.count().filter(of_account).label("account"),
            func.count().filter(of_address).label("address"),
            func.min(SignInFailure.at).filter(of_account).label("account_since"),
            func.min(SignInFailure.at).filter(of_address).label("address_since"),
        ).where(SignInFailure.at > now - WINDOW, or_(of_account, of_address))
    ).one()
    since = [
        begun
        for count, limit, begun in (
            (row.account, settings.get(PER_ACCOUNT), row.account_since),
            (row.address, settings.get(PER_ADDRESS), row.address_since),
        )
        if count > limit
    ]
    if not since:
        return
    with apart() as session:  # waiting is not another failure, else trying would lengthen the wait
        session.execute(delete(SignInFailure).where(SignInFailure.id == attempt_id))
    raise TooManyFailures(max(1, ceil((max(since) + WINDOW - now).total_seconds())))


def _note_failure(person: Person | None, name: str, address: str, now: datetime) -> None:
    with apart() as session:
        audit.record(
            Actor.anonymous(current_institution()),
            "sign-in",
            "person",
            person.id if person else None,
            now=now,
            after={"username": name},
            success=False,
            address=address,
            session=session,
        )


def _may_sign_in(person: Person, now: datetime) -> bool:
    return person.disabled_at is None and person.merged_into_id is None and person.holds_on(places.today(now))
