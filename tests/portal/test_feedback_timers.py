"""What time does to feedback: reminders, escalation, and what was answered is not late."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.outbox import OutboxDelivery, OutboxEvent
from app.events import feedback as events
from app.notifications.models import Notification
from app.portal.handlers import feedback as handlers
from app.portal.queries import feedback as queries
from app.portal.queries.feedback import FeedbackFilter
from app.portal.services.feedback import acts
from tests.factories import feedback
from tests.portal.office import Office, act

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def office(database: Session, frozen: datetime) -> Office:
    return Office()


def test_clocks_remind_escalate_and_do_nothing_twice(office: Office, database: Session, now: datetime) -> None:
    """Not taken up in a working day: all who could. About to be late: who has it. Not answered: those above."""
    matter = feedback.said(office.student, place_id=office.room.id)
    due = {
        row.payload["step"]: row.next_at
        for row in database.execute(
            select(OutboxEvent.payload, OutboxDelivery.next_at)
            .join(OutboxDelivery, OutboxDelivery.event_id == OutboxEvent.id)
            .where(OutboxEvent.kind == "FeedbackClockDue")
        )
    }
    assert set(due) == {"respond", "remind", "answer"}
    assert due["respond"] < due["remind"] < due["answer"]
    assert matter.answer_due is not None
    system = Actor.system(1)

    def ring(step: str, at: datetime) -> None:
        handlers.on_clock(events.FeedbackClockDue(matter.id, 1, step), system, at)

    def told(kind: str) -> set[int]:
        for event in database.execute(select(OutboxEvent.payload).where(OutboxEvent.kind == "FeedbackLate")):
            handlers.feedback_late(events.FeedbackLate(**event.payload), system, now)
        return set(database.scalars(select(Notification.person_id).where(Notification.kind == kind)))

    ring("respond", now + HOUR)  # early
    assert told("feedback-late") == set()
    for _twice in range(2):
        ring("respond", due["respond"])
    assert told("feedback-late") == {person.id for person in office.staff}
    assert matter.escalated_at == due["respond"]
    acts.assign(
        actor=act(office.leader), now=due["respond"], feedback_id=matter.id, handler_id=office.manager.id, seen=None
    )
    ring("remind", due["remind"])
    assert told("feedback-due") == {office.manager.id}
    database.query(Notification).delete()
    for _twice in range(2):
        ring("answer", due["answer"])
    assert {office.manager.id, office.supervisor.id, office.leader.id} <= told("feedback-late")
    escalations = [row.data["step"] for row in queries.thread(matter.id, staff=True) if row.kind == "escalate"]
    assert escalations == ["respond", "answer"]
    assert all(row.kind != "escalate" for row in queries.thread(matter.id, staff=False))
    assert [row.id for row in queries.desk(act(office.leader), FeedbackFilter(late=True), due["answer"]).items] == [
        matter.id
    ]


def test_what_was_taken_up_in_time_is_not_late(office: Office, database: Session, now: datetime) -> None:
    matter, leader = feedback.said(office.student), act(office.leader)
    acts.assign(actor=leader, now=now, feedback_id=matter.id, handler_id=office.leader.id, seen=None)
    handlers.on_clock(events.FeedbackClockDue(matter.id, 1, "respond"), Actor.system(1), now + 30 * DAY)
    assert matter.escalated_at is None
    assert database.scalars(select(OutboxEvent).where(OutboxEvent.kind == "FeedbackLate")).all() == []


def test_what_was_answered_is_not_late(office: Office, database: Session, now: datetime) -> None:
    matter = feedback.said(office.student)
    acts.answer(actor=act(office.leader), now=now, feedback_id=matter.id, text="好")
    for step in ("respond", "remind", "answer"):
        handlers.on_clock(events.FeedbackClockDue(matter.id, 1, step), Actor.system(1), now + 30 * DAY)
    acts.reply(actor=act(office.student), now=now + DAY, feedback_id=matter.id, text="不好")
    handlers.on_clock(events.FeedbackClockDue(matter.id, 1, "answer"), Actor.system(1), now + 30 * DAY)
    assert database.scalars(select(OutboxEvent).where(OutboxEvent.kind == "FeedbackLate")).all() == []
    for gone in (events.FeedbackClockDue(10**9, 1, "answer"), events.FeedbackLapseDue(10**9, 1)):
        handler = handlers.on_clock if isinstance(gone, events.FeedbackClockDue) else handlers.on_lapse
        handler(gone, Actor.system(1), now)
