"""The working time the clocks of feedback run on: office hours of the campus (tickets-rules 15)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from app.core.actor import Actor
from app.core.db import db
from app.portal.models import Feedback
from app.portal.queries import feedback_viewer
from app.portal.rules.feedback import Status
from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import WorkTime


def office(campus_id: int | None) -> WorkTime | None:
    """Office hours of a campus by the calendar in force; None where the institution has none yet."""
    return calendars.work_of("office", campus_id)


def open_by(calendar_id: int) -> ColumnElement[bool]:
    """Open matters whose office hours a calendar says."""
    open_ones = Feedback.status == Status.OPEN.value
    campuses = db.session.scalars(select(Feedback.campus_id).where(open_ones).distinct()).all()
    found = [each for each in campuses if _calendar(each) == calendar_id]
    nowhere = Feedback.campus_id.is_(None) if None in found else false()
    return and_(open_ones, or_(Feedback.campus_id.in_([each for each in found if each is not None]), nowhere))


def judged_anew(actor: Actor, calendar_id: int) -> int:
    """How many matters a published version of the calendar would judge anew (tickets-rules 19).

    Of those the reader may know of: not even a count tells him of one that is about him.
    """
    counted = select(func.count()).select_from(Feedback).where(open_by(calendar_id), feedback_viewer.handled(actor))
    return db.session.scalar(counted) or 0


def _calendar(campus_id: int | None) -> int | None:
    version = calendars.version_of("office", campus_id)
    return None if version is None else calendars.calendar_of(version)
