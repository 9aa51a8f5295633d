"""A published calendar version moves the due times of feedback that is open under that calendar (tickets-rules 19)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import false, or_, select

from app.core.db import db
from app.portal.models import Feedback
from app.portal.queries import working_time
from app.portal.rules.feedback import Status
from app.portal.services.feedback import clocks


def rejudge(*, now: datetime, calendar_id: int, version_id: int) -> int:
    """Judge every open matter whose office hours the calendar says; returns how many moved. Safe to repeat."""
    open_ones = Feedback.status == Status.OPEN.value
    campuses = db.session.scalars(select(Feedback.campus_id).where(open_ones).distinct()).all()
    found = working_time.campuses_by(calendar_id, campuses)
    if not found:
        return 0
    known = [each for each in found if each is not None]
    nowhere = Feedback.campus_id.is_(None) if None in found else false()
    matters = db.session.scalars(
        select(Feedback)
        .where(open_ones, or_(Feedback.campus_id.in_(known), nowhere))
        .order_by(Feedback.id)
        .with_for_update(key_share=True)
    ).all()
    moved = sum(clocks.rejudge(matter, clocks.office(matter.campus_id, now), now, version_id) for matter in matters)
    db.session.flush()
    return moved
