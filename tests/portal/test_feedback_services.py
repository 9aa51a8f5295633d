"""Feedback against the database: threads, clocks, whom it is about, what it becomes, what time does to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected, Stale
from app.events import feedback as events
from app.notifications.models import Notification
from app.portal.handlers import feedback as handlers
from app.portal.models import FeedbackAbout, FeedbackEvent
from app.portal.queries import feedback as queries
from app.portal.queries import feedback_viewer as viewer
from app.portal.queries.feedback import FeedbackFilter
from app.portal.rules.feedback import Kind, Status
from app.portal.services.feedback import acts, timers
from app.tickets.models import Ticket
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import hands
from tests.factories import accounts, feedback
from tests.portal.office import Office, act, run, say, seen_by, status_of
from tests.tickets import at_work
from tests.tickets.walking import deliver

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def office(database: Session, frozen: datetime) -> Office:
    return Office()


def test_a_matter_from_open_to_lapsed_and_open_again(office: Office, now: datetime) -> None:
    matter = feedback.said(office.student, place_id=office.room.id)
    assert (matter.number, status_of(matter), matter.campus_id) == ("F26-000001", "open", office.campus.id)
    staff, author = act(office.dispatcher), act(office.student)
    assert matter.answer_due is not None
    acts.note(actor=staff, now=now, feedback_id=matter.id, text="查一下旧单")
    assert (matter.responded_at, status_of(matter)) == (None, "open")
    answer = acts.answer(actor=staff, now=now + HOUR, feedback_id=matter.id, text="明天去修")
    assert (status_of(matter), matter.handler_id, matter.responded_at) == ("answered", office.dispatcher.id, now + HOUR)
    assert (matter.first_answered_at, matter.first_minutes) == (now + HOUR, 60)
    acts.answer(actor=staff, now=now + 2 * HOUR, feedback_id=matter.id, text="改为后天")
    assert status_of(matter) == "answered"
    system = Actor.system(1)
    late = now + 15 * DAY
    assert not timers.lapse(actor=system, now=late, feedback_id=matter.id, event_id=answer.id), "a later answer counts"
    last = answer.id + 1
    assert timers.lapse(actor=system, now=late, feedback_id=matter.id, event_id=last)
    assert not timers.lapse(actor=system, now=late, feedback_id=matter.id, event_id=last)
    assert (status_of(matter), matter.closed_as) == ("closed", "lapsed")
    acts.reply(actor=author, now=late + 29 * DAY, feedback_id=matter.id, text="还没修")
    assert (status_of(matter), matter.cycle, matter.closed_at) == ("open", 2, None)
    assert matter.answer_due is not None
    assert matter.answer_due > late + 29 * DAY
    assert matter.responded_at is None
    kinds = [row.kind for row in queries.thread(matter.id, staff=False)]
    assert kinds == ["file", "answer", "answer", "lapse", "reply"], "its author reads no note"


def test_after_thirty_days_it_is_filed_anew(office: Office, now: datetime) -> None:
    matter = feedback.said(office.student)
    answer = acts.answer(actor=act(office.leader), now=now, feedback_id=matter.id, text="好")
    timers.lapse(actor=Actor.system(1), now=now + 14 * DAY, feedback_id=matter.id, event_id=answer.id)
    with pytest.raises(Conflict) as refused:
        acts.reply(actor=act(office.student), now=now + 45 * DAY, feedback_id=matter.id, text="?")
    assert refused.value.code == "closed-for-good"


def test_a_further_word_keeps_the_clock_running(office: Office, now: datetime) -> None:
    matter = feedback.said(office.student)
    before = matter.answer_due
    acts.reply(actor=act(office.student), now=now + HOUR, feedback_id=matter.id, text="还有")
    assert (matter.answer_due, matter.cycle, matter.version) == (before, 1, 1)


def test_who_sees_what(office: Office, now: datetime) -> None:
    """Own ones, those of the scopes; without a place only who holds the right for the whole institution."""
    other = accounts.person("student")
    here = feedback.said(office.student, place_id=office.room.id)
    there = feedback.said(other, place_id=office.elsewhere.id)
    nowhere = feedback.said(office.student)
    assert seen_by(office.student, now) == {here.id, nowhere.id}
    assert seen_by(other, now) == {there.id}
    assert seen_by(office.manager, now) == {here.id}
    for person in (office.dispatcher, office.supervisor, office.leader):
        assert seen_by(person, now) == {here.id, there.id, nowhere.id}
    for person in (accounts.person("technician"), accounts.person("finance"), accounts.person("contractor")):
        assert seen_by(person, now) == set()
    with pytest.raises(NotFound):
        queries.one(act(other), here.id)


@pytest.mark.parametrize("how", ["named", "chosen", "ticket", "helper", "staff"])
def test_who_is_complained_about_never_sees_or_handles_it(
    office: Office, database: Session, now: datetime, how: str
) -> None:
    """However he came to be named: no list, no page, no count, no assignment, no word in his inbox."""
    given: dict[str, Any] = {"place_id": office.room.id}
    manager = office.manager
    if how == "named":
        given["text"] = "刘 宿管 态度不好"
    elif how == "chosen":
        accounts.home(office.student, office.room.id)
        given["about"] = (manager.id,)
    elif how == "ticket":
        manager = office.technician(role="dutylead")
        order_id = at_work.offered(office, now)
        at_work.do(manager, order_id, OrderAct.ACCEPT, now=now)
        given["ticket_id"] = database.scalars(select(Ticket.id)).one()
    elif how == "helper":
        holder, manager = office.technician(), office.technician(role="dutylead", on_shift=False)
        order_id = at_work.offered(office, now)
        at_work.do(holder, order_id, OrderAct.ACCEPT, now=now)
        hands.add(actor=act(office.dispatcher), now=now, order_id=order_id, person_id=manager.id)
        given["ticket_id"] = database.scalars(select(Ticket.id)).one()
    matter = say(office, now, **given)
    if how == "staff":
        acts.assign(actor=act(office.leader), now=now, feedback_id=matter.id, handler_id=manager.id, seen=1)
        acts.set_about(actor=act(office.leader), now=now, feedback_id=matter.id, person_ids=[manager.id])
        assert matter.handler_id is None, "whoever had it loses it"
    if how == "helper":  # beside the holder
        assert manager.id in database.scalars(select(FeedbackAbout.person_id)).all()
    else:
        assert database.scalars(select(FeedbackAbout.person_id)).all() == [manager.id]
        assert database.scalars(select(FeedbackAbout.how)).all() == [how]
    assert seen_by(manager, now) == set()
    assert queries.waiting(act(manager), now).open == 0
    assert queries.desk(act(manager), FeedbackFilter(q="水"), now).items == []
    with pytest.raises(NotFound):
        queries.one(act(manager), matter.id)
    for attempt in (
        lambda: acts.answer(actor=act(manager), now=now, feedback_id=matter.id, text="x"),
        lambda: acts.note(actor=act(manager), now=now, feedback_id=matter.id, text="x"),
        lambda: acts.assign(actor=act(manager), now=now, feedback_id=matter.id, handler_id=None, seen=None),
        lambda: acts.set_about(actor=act(manager), now=now, feedback_id=matter.id, person_ids=[]),
    ):
        with pytest.raises(NotFound):
            attempt()
    with pytest.raises(Rejected):
        acts.assign(actor=act(office.leader), now=now, feedback_id=matter.id, handler_id=manager.id, seen=None)
    assert manager.id not in {row.id for row in viewer.handlers(matter.id, now)}
    handlers.feedback_late(events.FeedbackLate(matter.id, 1, "answer"), Actor.system(1), now)
    told = set(database.scalars(select(Notification.person_id).where(Notification.kind == "feedback-late")))
    assert {office.dispatcher.id, office.supervisor.id, office.leader.id} <= told
    assert manager.id not in told


def test_whom_it_is_about_is_put_right(office: Office, database: Session, now: datetime) -> None:
    matter, leader = feedback.said(office.student), act(office.leader)

    def about(*people: Person) -> list[int]:
        acts.set_about(actor=leader, now=now, feedback_id=matter.id, person_ids=[each.id for each in people])
        return sorted(row.person_id for row in queries.about(matter.id))

    assert about(office.manager) == [office.manager.id]
    assert about(office.manager) == [office.manager.id]
    assert about(office.dispatcher) == [office.dispatcher.id]
    with pytest.raises(Rejected) as refused:
        about(office.student)
    assert set(refused.value.fields) == {"about"}
    assert about() == []
    named = [row.kind for row in queries.thread(matter.id, staff=True) if row.kind == "name"]
    assert len(named) == 3, "the same again is nothing new"


def test_nobody_handles_what_he_wrote_himself(office: Office, now: datetime) -> None:
    matter = feedback.said(office.dispatcher)
    assert viewer.handles(act(office.leader), matter.id)
    assert not viewer.handles(act(office.dispatcher), matter.id)
    with pytest.raises(NotFound):
        acts.answer(actor=act(office.dispatcher), now=now, feedback_id=matter.id, text="x")
    with pytest.raises(NotFound):
        acts.reply(actor=act(office.leader), now=now, feedback_id=matter.id, text="x")
    assert office.dispatcher.id not in {row.id for row in viewer.handlers(matter.id, now)}


def test_without_a_name_nothing_says_who_it_was(office: Office, database: Session, now: datetime) -> None:
    matter = feedback.said(None, text="食堂太吵")
    assert matter.author_id is None
    again = feedback.said(None, text="食堂太吵")
    assert again.id == matter.id, "the same receipt twice is the same matter"
    event = database.scalars(select(FeedbackEvent)).one()
    assert (event.actor_kind, event.actor_id) == ("author", None)
    acts.answer(actor=act(office.leader), now=now, feedback_id=matter.id, text="请讲")
    acts.reply_by_secret(now=now, secret=feedback.SECRET, text="晚上")
    assert status_of(matter) == "open"
    with pytest.raises(NotFound):
        acts.reply_by_secret(now=now, secret="z" * 26, text="x")
    handlers.feedback_answered(events.FeedbackAnswered(matter.id, event.id), Actor.system(1), now)
    assert database.scalars(select(Notification)).all() == []


def test_refusals_name_their_field(office: Office, now: datetime) -> None:
    other = accounts.person("student")
    office.file()
    ticket_id = office.file().id
    with pytest.raises(Rejected) as refused:
        feedback.said(other, ticket_id=ticket_id)
    assert set(refused.value.fields) == {"ticket_id"}
    with pytest.raises(Rejected) as refused:
        feedback.said(other, place_id=10**12)
    assert set(refused.value.fields) == {"place_id"}
    with pytest.raises(Rejected) as refused:
        say(office, now, about=(office.dispatcher.id,))
    assert set(refused.value.fields) == {"about"}
    with pytest.raises(NotAllowed):
        feedback.said(accounts.person("contractor"))


def test_assignment_is_seen_audited_and_told(office: Office, database: Session, now: datetime) -> None:
    matter = feedback.said(office.student, place_id=office.room.id)
    leader = act(office.leader)
    acts.assign(actor=leader, now=now, feedback_id=matter.id, handler_id=office.manager.id, seen=1)
    assert (matter.handler_id, matter.version, matter.responded_at) == (office.manager.id, 2, now)
    with pytest.raises(Stale) as stale:
        acts.assign(actor=leader, now=now, feedback_id=matter.id, handler_id=None, seen=1)
    assert stale.value.current["assignee"] == office.manager.id
    with pytest.raises(Rejected):
        acts.assign(actor=leader, now=now, feedback_id=matter.id, handler_id=office.student.id, seen=2)
    run(database, "FeedbackAssigned", now)
    line = database.scalars(select(Notification)).one()
    assert (line.person_id, line.kind, line.data["number"]) == (office.manager.id, "feedback-assigned", matter.number)
    assert "excerpt" not in line.data
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "feedback.assign")).one()
    assert entry.after == {"handler": office.manager.id}


def test_lists_filter_and_count(office: Office, now: datetime) -> None:
    one = feedback.said(office.student, text="热水器坏了")
    two = feedback.said(office.student, Kind.PRAISE, text="师傅很好", at=now - 30 * DAY)
    three = feedback.said(None, Kind.SUGGESTION, text="多放一台饮水机")
    leader = act(office.leader)
    acts.assign(actor=leader, now=now, feedback_id=one.id, handler_id=office.leader.id, seen=None)
    counts = queries.waiting(leader, now)
    assert (counts.open, counts.late, counts.unassigned, counts.mine) == (3, 1, 2, 1)

    def ids(**wanted: Any) -> list[int]:
        return [row.id for row in queries.desk(leader, FeedbackFilter(**wanted), now).items]

    assert ids(statuses=("open",))[0] == two.id, "the most pressing first"
    assert ids(q="热水") == [one.id]
    assert ids(q=two.number.lower()) == [two.id]
    assert ids(kinds=("suggestion",)) == [three.id]
    assert ids(handler=office.leader.id) == [one.id]
    assert set(ids(unassigned=True)) == {two.id, three.id}
    assert ids(statuses=("closed",)) == []
    deliver(now)


def test_staff_is_found_by_name(office: Office, now: datetime) -> None:
    assert [row.id for row in viewer.staff_called("马主管", now)] == [office.supervisor.id]
    assert [row.id for row in viewer.staff_called("处长", now)] == [office.leader.id]
    assert viewer.staff_called(office.student.name, now) == []
    assert status_of(feedback.said(office.student)) == Status.OPEN
