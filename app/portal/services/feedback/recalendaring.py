"""A published calendar version moves the due times of feedback that is open under that calendar (tickets-rules 19)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.core.held import locking
from app.portal.models import Feedback
from app.portal.queries import working_time
from app.portal.services.feedback import clocks


def rejudge(*, actor: Actor, now: datetime, calendar_id: int, version_id: int) -> int:
    """Judge every open matter whose office hours the calendar says; returns how many moved. Safe to repeat."""
    query = select(Feedback).where(working_time.open_by(calendar_id)).order_by(Feedback.id)
    matters = db.session.scalars(locking(query)).all()
    moved = sum(
        clocks.rejudge(matter, clocks.office(matter.campus_id, now), actor=actor, now=now, version_id=version_id)
        for matter in matters
    )
    db.session.flush()
    return moved
