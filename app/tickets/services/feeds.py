"""Calendar addresses of technicians: made, renewed, revoked."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import update

from app.accounts import queries as people
from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotAllowed
from app.tickets import policies
from app.tickets.models import CalendarFeed

labels.declare(
    verbs={"calendar.make": _l("Made a calendar address"), "calendar.revoke": _l("Ended a calendar address")},
)

SECRET_BYTES = 16


def renew_feed(*, actor: Actor, now: datetime) -> str:
    """A new address for the actor; the one before ends. Returns its secret, which is not stored."""
    if actor.id is None or not policies.may_work(actor):
        raise NotAllowed
    _end(actor.id, now)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    db.session.add(CalendarFeed(person_id=actor.id, token_hash=people.token_digest(secret), made_at=now))
    db.session.flush()
    audit.record(actor, "calendar.make", "person", actor.id, now=now)
    return secret


def revoke_feed(*, actor: Actor, now: datetime) -> None:
    """End the actor's address, where there is one."""
    if actor.id is not None and _end(actor.id, now):
        audit.record(actor, "calendar.revoke", "person", actor.id, now=now)


def _end(person_id: int, now: datetime) -> bool:
    ended = db.session.execute(
        update(CalendarFeed)
        .where(CalendarFeed.person_id == person_id, CalendarFeed.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(CalendarFeed.id)
        .execution_options(synchronize_session=False)
    ).first()
    return ended is not None
