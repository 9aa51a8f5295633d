"""What feedback becomes: a repair request of its author or of nobody, or the draft of a notice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.audit.models import AuditEntry
from app.core.errors import Conflict, NotAllowed, Rejected
from app.notifications.models import Notification
from app.portal.models import Notice
from app.portal.queries import feedback as queries
from app.portal.rules.feedback import Kind
from app.portal.services.feedback import acts
from app.portal.services.feedback.acts import Repair
from app.tickets.models import Ticket
from tests.factories import accounts, feedback
from tests.portal.office import Office, act, run, status_of
from tests.tickets.test_catalogue_questions import DANGER, ask


@pytest.fixture
def office(database: Session, frozen: datetime) -> Office:
    return Office()


def test_it_becomes_a_request_of_its_author(office: Office, database: Session, now: datetime) -> None:
    matter = feedback.said(office.student, place_id=office.room.id)
    repair = Repair(category=office.category.code, description="灯坏了", place_id=office.room.id)
    found, filed = acts.convert_to_ticket(
        actor=act(office.dispatcher), now=now, feedback_id=matter.id, repair=repair, text="已转维修", seen=1
    )
    ticket = database.scalars(select(Ticket).where(Ticket.id == filed.id)).one()
    assert (ticket.reporter_id, ticket.on_behalf_by) == (office.student.id, office.dispatcher.id)
    assert (status_of(found), found.closed_as, found.became_id) == ("closed", "ticket", filed.id)
    assert found.first_answered_at == now
    event = queries.thread(matter.id, staff=False)[-1]
    assert (event.kind, event.text, event.data["number"]) == ("convert", "已转维修", filed.number)
    run(database, "FeedbackClosed", now)
    line = database.scalars(select(Notification).where(Notification.kind == "feedback-closed")).one()
    assert (line.person_id, line.data["how"]) == (office.student.id, "ticket")
    with pytest.raises(Conflict):
        acts.convert_to_ticket(actor=act(office.dispatcher), now=now, feedback_id=matter.id, repair=repair)
    assert len(database.scalars(select(Ticket)).all()) == 1
    acts.reply(actor=act(office.student), now=now, feedback_id=matter.id, text="又坏了")
    assert status_of(matter) == "open"


def test_it_becomes_the_draft_of_a_notice(office: Office, database: Session, now: datetime) -> None:
    matter = feedback.said(None, kind=Kind.QUESTION, text="暖气什么时候开？")
    _found, notice_id = acts.convert_to_notice(
        actor=act(office.dispatcher), now=now, feedback_id=matter.id, title={"zh-CN": "供暖时间"}
    )
    notice = database.scalars(select(Notice)).one()
    assert (notice.id, notice.status, notice.everywhere) == (notice_id, "draft", True)
    assert (status_of(matter), matter.closed_as) == ("closed", "notice")


def test_a_repair_that_is_refused_leaves_it_open(office: Office, now: datetime) -> None:
    matter = feedback.said(office.student)
    with pytest.raises(Rejected):
        acts.convert_to_ticket(
            actor=act(office.dispatcher),
            now=now,
            feedback_id=matter.id,
            repair=Repair(category="nothing", description="x"),
        )
    with pytest.raises(NotAllowed):  # leadership files for nobody
        acts.convert_to_ticket(
            actor=act(office.leader),
            now=now,
            feedback_id=matter.id,
            repair=Repair(category=office.category.code, description="x", place_id=office.room.id),
        )
    assert status_of(matter) == "open"


def test_who_may_not_file_converts_nothing(office: Office, database: Session, now: datetime) -> None:
    """Not even what becomes a request of nobody."""
    database.add(Role(code="reader", name={"en": "Reader"}, permissions=["feedback.handle"]))
    reader, matter = accounts.person("reader"), feedback.said(None, place_id=office.room.id)
    repair = Repair(category=office.category.code, description="灯坏了", place_id=office.room.id)
    with pytest.raises(NotAllowed):
        acts.convert_to_ticket(actor=act(reader), now=now, feedback_id=matter.id, repair=repair)
    assert (status_of(matter), database.scalars(select(Ticket.id)).all()) == ("open", [])


def test_what_was_answered_before_it_became_a_request_keeps_its_answer(office: Office, now: datetime) -> None:
    matter, staff = feedback.said(office.student, place_id=office.room.id), act(office.dispatcher)
    acts.answer(actor=staff, now=now, feedback_id=matter.id, text="马上来")
    repair = Repair(category=office.category.code, description="灯坏了", place_id=office.room.id)
    later = now + timedelta(days=1)
    found, _filed = acts.convert_to_ticket(actor=staff, now=later, feedback_id=matter.id, repair=repair)
    assert (status_of(found), found.closed_at, found.answered_at, found.first_answered_at) == (
        "closed",
        later,
        now,
        now,
    )


def test_a_nameless_matter_becomes_a_request_of_nobody(office: Office, database: Session, now: datetime) -> None:
    """N6: whoever converts it is neither asked to confirm nor may he rate; only the receipt leads to it."""
    matter = feedback.said(None, place_id=office.room.id)
    repair = Repair(category=office.category.code, description="灯坏了", place_id=office.room.id)
    _found, filed = acts.convert_to_ticket(actor=act(office.dispatcher), now=now, feedback_id=matter.id, repair=repair)
    ticket = database.scalars(select(Ticket).where(Ticket.id == filed.id)).one()
    assert (ticket.reporter_id, ticket.on_behalf_by) == (None, None)
    noted = database.scalars(select(AuditEntry).where(AuditEntry.verb == "feedback.convert")).one()
    assert noted.actor_id == office.dispatcher.id


def test_what_a_leaver_wrote_becomes_a_request_with_the_office_as_contact(
    office: Office, database: Session, now: datetime
) -> None:
    """N5: he stays who reported it; the dorm office of the place is the contact."""
    matter = feedback.said(office.student, place_id=office.room.id)
    office.student.disabled_at = now
    database.flush()
    repair = Repair(category=office.category.code, description="灯坏了", place_id=office.room.id)
    _found, filed = acts.convert_to_ticket(actor=act(office.dispatcher), now=now, feedback_id=matter.id, repair=repair)
    ticket = database.scalars(select(Ticket).where(Ticket.id == filed.id)).one()
    assert (ticket.reporter_id, ticket.contact_name) == (office.student.id, office.manager.name)
    assert ticket.left_at == now


def test_what_a_category_asks_of_reporters_is_not_asked_of_the_staff(office: Office, now: datetime) -> None:
    """As where a report is split: whoever converts a matter cannot answer for its author."""
    ask(office, now, DANGER)
    matter = feedback.said(office.student, place_id=office.room.id)
    repair = Repair(category=office.category.code, description="灯坏了", place_id=office.room.id)
    found, _filed = acts.convert_to_ticket(actor=act(office.dispatcher), now=now, feedback_id=matter.id, repair=repair)
    assert status_of(found) == "closed"
