"""What time does to a matter: reminders, escalations, and the end of what nobody replied to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, true

from app.core import outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.events.feedback import FeedbackClosed, FeedbackLate
from app.portal.models import Feedback, FeedbackEvent
from app.portal.rules import feedback_clocks
from app.portal.rules.feedback import Act, Status
from app.portal.services.feedback import clocks
from app.portal.services.feedback.held import held, move

SPEAKING = (Act.ANSWER.value, Act.REPLY.value)


def clock_due(*, actor: Actor, now: datetime, feedback_id: int, cycle: int, step: str) -> bool:
    """A step of a clock has come; returns whether somebody is to be told. Early, late or twice it does nothing."""
    try:
        matter = held(feedback_id, true())
    except NotFound:
        return False
    if matter.status != Status.OPEN or matter.cycle != cycle or _done(matter, step):
        return False
    if step == "remind":
        work = clocks.office(matter.campus_id, now)
        remind = feedback_clocks.reminder(work, matter.opened_at, matter.answer_due)
        if remind is None or remind > now:
            return False
    else:
        due = matter.respond_due if step == "respond" else matter.answer_due
        if due is None or due > now:
            return False
        move(matter, Act.ESCALATE, actor=actor, now=now, audience="staff", data={"step": step})
        matter.escalated_at = now
    db.session.flush()
    outbox.publish(FeedbackLate(matter.id, cycle, step), key=f"feedback:late:{matter.id}:{cycle}:{step}")
    return True


def _done(matter: Feedback, step: str) -> bool:
    """Whether the step was taken already, or what it waits for has happened."""
    if step == "respond" and matter.responded_at is not None:
        return True
    query = select(FeedbackEvent.id).where(
        FeedbackEvent.feedback_id == matter.id,
        FeedbackEvent.cycle == matter.cycle,
        FeedbackEvent.kind == Act.ESCALATE.value,
        FeedbackEvent.data["step"].as_string() == step,
    )
    return db.session.scalar(query.limit(1)) is not None


def lapse(*, actor: Actor, now: datetime, feedback_id: int, event_id: int) -> bool:
    """Close what was answered 14 days ago and nobody replied to; `event_id` is the answer the timer was set for.

    A later answer has a timer of its own. Returns whether it was closed.
    """
    try:
        matter = held(feedback_id, true())
    except NotFound:
        return False
    if matter.status != Status.ANSWERED:
        return False
    last = db.session.scalar(
        select(func.max(FeedbackEvent.id)).where(
            FeedbackEvent.feedback_id == feedback_id, FeedbackEvent.kind.in_(SPEAKING)
        )
    )
    if last != event_id:
        return False
    made = move(matter, Act.LAPSE, actor=actor, now=now)
    matter.closed_at, matter.closed_as = now, "lapsed"
    db.session.flush()
    outbox.publish(FeedbackClosed(matter.id, made.id, "lapsed"))
    return True
