"""The clocks of a matter as they stand in its row, and the timers that come true when they run out."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.core import outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.i18n import iso
from app.events.feedback import FeedbackClockDue, FeedbackLapseDue, FeedbackPostponed
from app.portal.models import Feedback, FeedbackEvent
from app.portal.queries import working_time
from app.portal.rules import feedback as rules
from app.portal.rules import feedback_clocks
from app.portal.rules.feedback import Act
from app.portal.rules.feedback_clocks import Work
from app.portal.services.feedback.held import move
from app.sites.calendars import queries as calendars
from app.sites.calendars import services as calendar_services
from app.sites.rules.worktime import WorkTime

MINUTE = timedelta(minutes=1)
"""Due times are whole minutes and judged when the minute is over (tickets-rules 8)."""


def office(campus_id: int | None, now: datetime) -> WorkTime:
    """Office hours of a campus; an institution that has no calendars yet gets those everyone begins with."""
    found = working_time.office(campus_id)
    if found is None:
        calendar_services.ensure(now)
        found = calendars.work(calendars.in_force_by_class(campus_id)["office"])
    return found


def begin(matter: Feedback, work: Work, now: datetime) -> None:
    """Both clocks of the present cycle start."""
    found = feedback_clocks.dues(work, now)
    matter.opened_at = now
    matter.respond_due, matter.answer_due = found.respond, found.answer
    matter.responded_at = matter.answered_at = matter.escalated_at = None


def set_timers(matter: Feedback, work: Work, now: datetime) -> None:
    """One timer per step of the running clocks."""
    _ring_at(matter, feedback_clocks.dues(work, now), "")


def rejudge(matter: Feedback, work: Work, *, actor: Actor, now: datetime, version_id: int) -> bool:
    """Judge the running clocks by a calendar version published meanwhile, from their start (tickets-rules 19).

    What was taken up keeps its due time. The answer is promised to the author: it moves later only, and he is told
    (22). Returns whether one moved; its steps get timers of their own, since those of the old due times find that they
    come too early.
    """
    found = feedback_clocks.dues(work, matter.opened_at)
    before = (matter.respond_due, matter.answer_due)
    if matter.responded_at is None:
        matter.respond_due = found.respond
    matter.answer_due = feedback_clocks.told_later(matter.answer_due, found.answer)
    if matter.first_answered_at is None:
        matter.first_due = matter.answer_due
    if before == (matter.respond_due, matter.answer_due) == (found.respond, found.answer):
        return False
    remind = feedback_clocks.reminder(work, matter.opened_at, matter.answer_due)
    judged = feedback_clocks.Dues(matter.respond_due, matter.answer_due, remind)
    _ring_at(matter, judged, f":{version_id}")
    if matter.answer_due != before[1]:
        made = move(matter, Act.POSTPONE, actor=actor, now=now, data={"until": iso(matter.answer_due)})
        db.session.flush()
        outbox.publish(FeedbackPostponed(matter.id, made.id))
    return before != (matter.respond_due, matter.answer_due)


def _ring_at(matter: Feedback, found: feedback_clocks.Dues, which: str) -> None:
    steps = {"respond": found.respond, "remind": found.remind, "answer": found.answer}
    for step, due in steps.items():
        if due is not None:
            outbox.publish(
                FeedbackClockDue(matter.id, matter.cycle, step),
                key=f"feedback:{matter.id}:{matter.cycle}:{step}{which}",
                due=due + MINUTE,
            )


def responded(matter: Feedback, now: datetime) -> None:
    """The first act of the staff in this cycle stops the clock of taking it up."""
    if matter.responded_at is None:
        matter.responded_at = now


def stop(matter: Feedback, work: Work, now: datetime) -> None:
    """The answer stops both clocks; the first one ever is kept for the figures."""
    responded(matter, now)
    matter.answered_at = now
    if matter.first_answered_at is None:
        matter.first_answered_at = now
        matter.first_minutes = feedback_clocks.used(work, matter.filed_at, now)


def set_lapse(matter: Feedback, answer: FeedbackEvent, now: datetime) -> None:
    """Where nobody replies to this answer for 14 days, it is over."""
    outbox.publish(
        FeedbackLapseDue(matter.id, answer.id), key=f"feedback:lapse:{answer.id}", due=now + rules.LAPSES_AFTER
    )
