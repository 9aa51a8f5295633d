"""Who is told what of feedback: its author of answers, staff of what waits; never anybody it is about.

Lines name number and kind alone: they stay in an inbox, whatever is found out later about whom it concerns.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db
from app.core.i18n import iso
from app.events import feedback as events
from app.events.sites import CalendarPublished
from app.notifications import rendering
from app.notifications import services as notifications
from app.portal import policies
from app.portal.models import Feedback
from app.portal.queries import feedback_viewer as viewer
from app.portal.rules.feedback import KIND_LABELS, Kind, Status
from app.portal.services.feedback import recalendaring, timers


def _matter(feedback_id: int) -> Feedback:
    return db.session.scalars(select(Feedback).where(Feedback.id == feedback_id)).one()


def _tell(people: Iterable[int | None], kind: str, matter: Feedback, now: datetime, *, key: str, **more: Any) -> None:
    data = {"number": matter.number, "kind": rendering.in_both(_l(KIND_LABELS[Kind(matter.kind)])), **more}
    notifications.notify(people, kind, data, f"/feedback/{matter.id}", now, key=f"feedback:{matter.id}:{key}")


def _staff(matter: Feedback, now: datetime, permission: str = policies.HANDLE) -> list[int]:
    """Whoever holds a right over it, and is neither its author nor named in it."""
    return [row.id for row in viewer.handlers(matter.id, now, permission)]


def feedback_answered(event: events.FeedbackAnswered, actor: Actor, now: datetime) -> None:
    """Its author hears that there is an answer."""
    matter = _matter(event.feedback_id)
    _tell([matter.author_id], "feedback-answered", matter, now, key=f"answered:{event.event_id}")


def feedback_postponed(event: events.FeedbackPostponed, actor: Actor, now: datetime) -> None:
    """Its author hears of the later day, if he still waits for it."""
    matter = _matter(event.feedback_id)
    if matter.status == Status.OPEN:
        until = iso(matter.answer_due)
        _tell([matter.author_id], "feedback-postponed", matter, now, key=f"postponed:{event.event_id}", until=until)


def feedback_closed(event: events.FeedbackClosed, actor: Actor, now: datetime) -> None:
    """Its author hears what became of it."""
    matter = _matter(event.feedback_id)
    _tell([matter.author_id], "feedback-closed", matter, now, key=f"closed:{event.event_id}", how=event.how)


def feedback_assigned(event: events.FeedbackAssigned, actor: Actor, now: datetime) -> None:
    """Who is to answer it, if he still is."""
    matter = _matter(event.feedback_id)
    if matter.handler_id == event.person_id:
        _tell([event.person_id], "feedback-assigned", matter, now, key=f"assigned:{event.event_id}")


def feedback_replied(event: events.FeedbackReplied, actor: Actor, now: datetime) -> None:
    """Who answers it hears that its author wrote again."""
    matter = _matter(event.feedback_id)
    if matter.handler_id in _staff(matter, now):
        _tell([matter.handler_id], "feedback-replied", matter, now, key=f"replied:{event.event_id}")


def feedback_late(event: events.FeedbackLate, actor: Actor, now: datetime) -> None:
    """Not taken up: all who could. About to be late: who has it. Not answered: those above, too."""
    matter = _matter(event.feedback_id)
    staff = _staff(matter, now)
    told = [matter.handler_id] if matter.handler_id in staff else staff
    if event.step == "answer":
        told = [*told, *_staff(matter, now, policies.OVERSEE)]
    kind = "feedback-due" if event.step == "remind" else "feedback-late"
    _tell(told, kind, matter, now, key=f"late:{event.cycle}:{event.step}", step=event.step)


def on_clock(event: events.FeedbackClockDue, actor: Actor, now: datetime) -> None:
    """A step of a clock has come."""
    timers.clock_due(actor=actor, now=now, feedback_id=event.feedback_id, cycle=event.cycle, step=event.step)


def on_lapse(event: events.FeedbackLapseDue, actor: Actor, now: datetime) -> None:
    """Nobody replied for 14 days."""
    timers.lapse(actor=actor, now=now, feedback_id=event.feedback_id, event_id=event.event_id)


def on_calendar_published(event: CalendarPublished, actor: Actor, now: datetime) -> None:
    """What is open is judged by the hours that hold now."""
    recalendaring.rejudge(actor=actor, now=now, calendar_id=event.calendar_id, version_id=event.version_id)
