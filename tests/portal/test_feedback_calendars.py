"""Feedback runs on the calendar of its campus, and is judged anew when one is published (tickets-rules 15, 19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import i18n
from app.core.actor import Actor
from app.core.outbox import OutboxDelivery, OutboxEvent
from app.events import feedback as events
from app.events.sites import CalendarPublished
from app.notifications.models import Notification
from app.portal.handlers import feedback as handlers
from app.portal.models import FeedbackEvent
from app.portal.queries import working_time
from app.portal.services.feedback import acts
from app.sites.calendars import queries, services
from app.sites.rules import calendar_data
from app.sites.rules.calendars import NO_WEEK, Override, OverrideKind, Season
from app.sites.rules.worktime import instant_of, minute_of
from tests.factories import accounts, feedback, sites

SYSTEM = Actor.system(1)
pytestmark = pytest.mark.usefixtures("frozen")


@pytest.fixture
def office(database: Session, now: datetime) -> int:
    services.ensure(now)
    found: int = next(row.id for row in queries.calendars() if row.code == "office")
    return found


def closed(calendar_id: int, now: datetime, *days: date) -> CalendarPublished:
    """Publish the calendar with some days closed."""
    content = calendar_data.read(queries.in_force(calendar_id).content)
    changed = replace(content, overrides=dict.fromkeys(days, Override(kind=OverrideKind.CLOSED)))
    made = services.publish(calendar_id, actor=SYSTEM, now=now, content=changed)
    return CalendarPublished(calendar_id, made.id)


def rings(database: Session) -> list[tuple[str, datetime]]:
    rows = database.execute(
        select(OutboxEvent.payload, OutboxDelivery.next_at)
        .join(OutboxDelivery, OutboxDelivery.event_id == OutboxEvent.id)
        .where(OutboxEvent.kind == "FeedbackClockDue")
        .order_by(OutboxEvent.id)
    )
    return [(row.payload["step"], row.next_at) for row in rows]


def test_rule_13_a_closed_day_is_no_day_of_the_desk(office: int, now: datetime) -> None:
    tomorrow = now.date() + timedelta(days=1)
    plain = feedback.said(accounts.person("student"))
    closed(office, now, tomorrow)
    later = feedback.said(accounts.person("student"))
    assert plain.respond_due is not None
    assert later.respond_due == plain.respond_due + timedelta(days=1)


def test_rule_19_what_is_open_is_judged_anew(office: int, database: Session, now: datetime) -> None:
    matter = feedback.said(accounts.person("student"))
    before: Any = (matter.respond_due, matter.answer_due)
    event = closed(office, now, now.date() + timedelta(days=1))
    handlers.on_calendar_published(event, SYSTEM, now)
    assert (matter.respond_due, matter.answer_due) == (
        before[0] + timedelta(days=1),
        before[1] + timedelta(days=1),
    )
    assert matter.first_due == matter.answer_due
    handlers.on_calendar_published(event, SYSTEM, now)  # twice is once
    assert [step for step, _at in rings(database)] == ["respond", "remind", "answer"] * 2
    for step, at in rings(database)[:3]:  # those of the old due times come too early
        handlers.on_clock(events.FeedbackClockDue(matter.id, 1, step), SYSTEM, at)
    assert matter.escalated_at is None
    assert database.scalars(select(OutboxEvent).where(OutboxEvent.kind == "FeedbackLate")).all() == []
    for step, at in rings(database)[3:]:
        handlers.on_clock(events.FeedbackClockDue(matter.id, 1, step), SYSTEM, at)
    late = database.scalars(select(OutboxEvent.payload).where(OutboxEvent.kind == "FeedbackLate")).all()
    assert [each["step"] for each in late] == ["respond", "remind", "answer"]


def opened(calendar_id: int, now: datetime) -> CalendarPublished:
    """Publish the calendar with no day closed."""
    content = calendar_data.read(queries.in_force(calendar_id).content)
    made = services.publish(calendar_id, actor=SYSTEM, now=now, content=replace(content, overrides={}))
    return CalendarPublished(calendar_id, made.id)


def told(database: Session, matter: Any) -> list[str]:
    """What the author was told of later days, by the events of the matter."""
    query = select(FeedbackEvent.data["until"].as_string(), FeedbackEvent.audience, FeedbackEvent.actor_kind)
    rows = database.execute(
        query.where(FeedbackEvent.feedback_id == matter.id, FeedbackEvent.kind == "postpone").order_by(FeedbackEvent.id)
    ).all()
    assert {(row[1], row[2]) for row in rows} <= {("everyone", "system")}
    return [row[0] for row in rows]


def test_rule_22_the_answer_that_was_promised_moves_later_only_and_is_told(
    office: int, database: Session, now: datetime
) -> None:
    tomorrow = now.date() + timedelta(days=1)
    closed(office, now, tomorrow)
    student = accounts.person("student")
    matter = feedback.said(student)
    respond, answer = matter.respond_due, matter.answer_due
    handlers.on_calendar_published(opened(office, now), SYSTEM, now)
    assert matter.respond_due == respond - timedelta(days=1)  # known to the desk alone: judged wholly anew
    assert (matter.answer_due, matter.first_due) == (answer, answer)
    assert told(database, matter) == []
    event = closed(office, now, tomorrow, now.date() + timedelta(days=2))
    for _time in range(2):
        handlers.on_calendar_published(event, SYSTEM, now)
    assert matter.answer_due == matter.first_due == answer + timedelta(days=1)
    assert told(database, matter) == [i18n.iso(matter.answer_due)]
    published = database.scalars(select(OutboxEvent.payload).where(OutboxEvent.kind == "FeedbackPostponed")).one()
    for _time in range(2):
        handlers.feedback_postponed(events.FeedbackPostponed(**published), SYSTEM, now)
    line = database.scalars(select(Notification).where(Notification.kind == "feedback-postponed")).one()
    assert (line.person_id, line.data["until"]) == (student.id, i18n.iso(matter.answer_due))
    handlers.on_calendar_published(opened(office, now), SYSTEM, now)
    assert matter.answer_due == answer + timedelta(days=1)


def test_rule_22_the_reminder_comes_before_the_promise_that_stands(
    office: int, database: Session, now: datetime
) -> None:
    closed(office, now, now.date() + timedelta(days=1))
    matter = feedback.said(accounts.person("student"))
    handlers.on_calendar_published(opened(office, now), SYSTEM, now)
    due: Any = matter.answer_due
    work = queries.work(queries.version_of("office", None) or 0)
    soon = [at for step, at in rings(database) if step == "remind"]
    assert [work.between(minute_of(at) - 1, minute_of(due)) for at in soon] == [240, 240]
    handlers.on_clock(events.FeedbackClockDue(matter.id, 1, "remind"), SYSTEM, soon[-1] - timedelta(minutes=2))
    assert database.scalars(select(OutboxEvent).where(OutboxEvent.kind == "FeedbackLate")).all() == []
    handlers.on_clock(events.FeedbackClockDue(matter.id, 1, "remind"), SYSTEM, soon[-1])
    assert len(database.scalars(select(OutboxEvent).where(OutboxEvent.kind == "FeedbackLate")).all()) == 1


def test_rule_22_its_author_reads_of_it(
    office: int, now: datetime, login: Callable[..., FlaskClient], database: Session
) -> None:
    student = accounts.person("student", locale="en")
    matter = feedback.said(student)
    handlers.on_calendar_published(closed(office, now, now.date() + timedelta(days=1)), SYSTEM, now)
    database.flush()
    page = login(student).get(f"/feedback/{matter.id}").get_data(as_text=True)
    assert "The working hours have changed: there is an answer by" in page


def test_rule_19_what_has_ended_keeps_its_due_times(office: int, now: datetime) -> None:
    leader = accounts.actor(accounts.person("leader"))
    matter = feedback.said(accounts.person("student"))
    taken_up = feedback.said(accounts.person("student"))
    acts.answer(actor=leader, now=now, feedback_id=matter.id, text="好")
    acts.assign(actor=leader, now=now, feedback_id=taken_up.id, handler_id=leader.id, seen=None)
    before = (matter.answer_due, taken_up.respond_due, taken_up.answer_due)
    handlers.on_calendar_published(closed(office, now, now.date() + timedelta(days=1)), SYSTEM, now)
    assert (matter.answer_due, taken_up.respond_due) == before[:2]
    assert taken_up.answer_due != before[2]


def test_rule_19_the_first_answer_ever_keeps_its_due_time(office: int, now: datetime) -> None:
    student = accounts.person("student")
    matter, leader = feedback.said(student), accounts.actor(accounts.person("leader"))
    first, later = matter.first_due, now + timedelta(hours=1)
    acts.answer(actor=leader, now=later, feedback_id=matter.id, text="好")
    acts.reply(actor=accounts.actor(student), now=later, feedback_id=matter.id, text="还没好")
    again: Any = matter.answer_due
    handlers.on_calendar_published(closed(office, now, now.date() + timedelta(days=1)), SYSTEM, later)
    assert (matter.first_due, matter.answer_due) == (first, again + timedelta(days=1))


def test_rule_22_hours_that_never_come_promise_nothing_until_they_do(
    office: int, database: Session, now: datetime
) -> None:
    content = calendar_data.read(queries.in_force(office).content)
    closed_for_good = replace(content, seasons=(Season(first=now.date(), last=date(2100, 12, 31), week=NO_WEEK),))
    services.publish(office, actor=SYSTEM, now=now, content=closed_for_good)
    matter = feedback.said(accounts.person("student"))
    assert (matter.respond_due, matter.answer_due, rings(database)) == (None, None, [])
    made = services.publish(office, actor=SYSTEM, now=now, content=content)
    handlers.on_calendar_published(CalendarPublished(office, made.id), SYSTEM, now)
    assert [step for step, _at in rings(database)] == ["respond", "remind", "answer"]
    assert told(database, matter) == [i18n.iso(matter.answer_due)]
    promised = matter.answer_due
    again = services.publish(office, actor=SYSTEM, now=now, content=closed_for_good)
    handlers.on_calendar_published(CalendarPublished(office, again.id), SYSTEM, now)
    assert (matter.respond_due, matter.answer_due) == (None, promised), "what was promised is not taken back"


def test_rule_15_another_calendar_moves_nothing(office: int, now: datetime) -> None:
    campus = sites.campus()
    content = calendar_data.read(queries.in_force(office).content)
    other = services.create(actor=SYSTEM, now=now, code="north", name={"en": "North"}, content=content)
    services.set_hours(actor=SYSTEM, now=now, campus_id=campus.id, hours="office", calendar_id=other.id)
    here = feedback.said(accounts.person("student"))
    there = feedback.said(accounts.person("student"), place_id=campus.id)
    before = (here.answer_due, there.answer_due)
    handlers.on_calendar_published(closed(other.id, now, now.date() + timedelta(days=1)), SYSTEM, now)
    assert here.answer_due == before[0]
    assert there.answer_due != before[1]


def test_rule_15_nothing_counts_by_hours_that_stand_nowhere(
    database: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an institution has no calendars yet, the first matter makes those everyone begins with."""
    made: list[datetime] = []
    monkeypatch.setattr(working_time, "office", lambda _campus_id: None)
    monkeypatch.setattr(services, "ensure", made.append)
    matter = feedback.said(accounts.person("student"))
    assert made == [now]
    work = queries.work(queries.version_of("office", None) or 0)
    assert matter.respond_due == instant_of(work.close_of_day(minute_of(now), 1) or 0)


def test_rule_19_it_is_told_before(
    office: int, now: datetime, login: Callable[..., FlaskClient], client: FlaskClient
) -> None:
    feedback.said(accounts.person("student"))
    supervisor = accounts.person("supervisor")
    feedback.said(accounts.person("student"), about=[supervisor])  # not even a count tells him of it
    desk = login(supervisor)
    desk.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    address = f"/feedback/calendars/{office}/effect"
    assert "1 matter of feedback is judged anew" in desk.get(address).get_data(as_text=True)
    part = desk.get(address, headers={"HX-Request": "true", "HX-Request-Type": "partial"}).get_data(as_text=True)
    assert "<html" not in part
    always = next(row.id for row in queries.calendars() if row.code == "always")
    assert "No feedback is open under it." in desk.get(f"/feedback/calendars/{always}/effect").get_data(as_text=True)
    headers = accounts.token(supervisor)
    address = f"/api/v1/calendars/{office}/draft/effect/feedback"
    assert client.get(address, headers=headers).status_code == 404, "nothing is being made of it"
    content = calendar_data.read(queries.in_force(office).content)
    services.save_draft(office, actor=SYSTEM, now=now, content=content, seen=0)
    assert client.get(address, headers=headers).json == {"matters": 1}
    dispatcher = accounts.token(accounts.person("dispatcher"))
    assert client.get(address, headers=dispatcher).status_code == 403
