"""Scenario 12 (N5): a student graduates with one resolved and one open request. Through HTTP where people act."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.core import clock, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Rejected
from app.events.tickets.tickets import LeaversDue
from app.tickets.models import Rating, Ticket, TicketEvent, TicketFollower, WorkOrder
from app.tickets.queries import leavers, timeline
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import following, leaving, splitting, timers
from app.tickets.services.case import by_ticket
from tests.editing import press
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets import at_work
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all, told

pytestmark = pytest.mark.usefixtures("frozen")


class Room(factory.Ground):
    """A room with its resident, the dorm managers of building and campus, somebody who moves in later."""

    def __init__(self) -> None:
        super().__init__()
        self.worker = self.technician()
        self.student.phone = "13900001111"
        self.lived = accounts.home(self.student, self.room.id, date(2026, 9, 1))
        scope = {"scope_kind": "building", "scope_id": self.building.id}
        self.office = accounts.person("dormmanager", name="陈宿管", phone="8120 3333", **scope)
        self.above = accounts.person("dormmanager", scope_kind="campus", scope_id=self.campus.id)
        self.next = accounts.person("student", name="新同学")

    def taken(self) -> tuple[int, int]:
        """A request of the student's whose order the technician holds: (ticket, order)."""
        order_id = at_work.offered(self, clock.now(), may_enter=True)
        at_work.do(self.worker, order_id, OrderAct.ACCEPT, now=clock.now())
        return _ticket(order_id), order_id


def _ticket(order_id: int) -> int:
    return int(db.session.get_one(WorkOrder, (1, order_id)).ticket_id)


@pytest.fixture
def room(database: Session) -> Room:
    return Room()


def sweep() -> None:
    """As the relay does every hour."""
    outbox.publish(LeaversDue())
    deliver_all(clock.now())


def graduates(client: FlaskClient, room: Room) -> None:
    """An administrator closes his account; he moves out, the next one moves in."""
    admin = accounts.person("admin")
    accounts.sign_in(client, admin)
    page = f"/people/{room.student.id}"
    press(client, page, f"{page}/disable")
    db.session.expire_all()
    assert room.student.disabled_at is not None
    room.lived.during = Range(date(2026, 9, 1), clock.now().date())
    db.session.flush()
    accounts.home(room.next, room.room.id, clock.now().date())


def test_a_leaver_with_one_resolved_and_one_open_request(client: FlaskClient, room: Room, database: Session) -> None:
    done, done_order = room.taken()
    at_work.do(room.worker, done_order, OrderAct.START, now=clock.now())
    at_work.do(room.worker, done_order, OrderAct.DONE, now=clock.now(), note="换了阀芯")
    mine = Caller(client, room.student)
    assert mine.post(f"/tickets/{done}/rating", {"quality": 5, "speed": 3, "manner": 4}).status_code == 200
    opened, order_id = room.taken()
    assert mine.post(f"/tickets/{opened}/messages", {"text": "钥匙在老地方"}).status_code == 201
    accounts.sign_in(client, room.worker)
    assert "13900001111" in client.get(f"/crew/{order_id}").text
    before = [(each.person_id, each.quality, each.speed, each.manner) for each in database.scalars(select(Rating))]

    graduates(client, room)
    sweep()
    sweep()  # twice is once

    # the open one goes on with the dorm office of the building; the leaver's number and his leave to enter are gone
    database.expire_all()
    ticket = database.get_one(Ticket, (1, opened))
    assert (ticket.contact_name, ticket.contact_phone, ticket.may_enter) == ("陈宿管", "8120 3333", False)
    assert ticket.reporter_id == room.student.id
    assert database.get_one(Ticket, (1, done)).left_at is None  # resolved: nothing is open about it
    assert [each.kind for each in database.scalars(select(TicketEvent).where(TicketEvent.kind == "left"))] == ["left"]
    assert (told(room.office, "ticket-contact"), told(room.above, "ticket-contact")) == (1, 0)
    accounts.sign_in(client, room.worker)
    page = client.get(f"/crew/{order_id}").text
    assert "8120 3333" in page
    assert "13900001111" not in page

    # whoever moved in sees nothing of it
    newcomer = Caller(client, room.next)
    for ticket_id in (done, opened):
        assert newcomer.get(f"/tickets/{ticket_id}").status_code == 404
        assert newcomer.get(f"/tickets/{ticket_id}/events").status_code == 404
    assert newcomer.get("/tickets", mine=1).json["items"] == []
    asked = {"place_id": str(room.room.id), "category": "tap", "description": "水龙头漏水"}
    hints: list[dict[str, Any]] = newcomer.get("/tickets/similar", **asked).json["items"]
    assert all("钥匙" not in str(hint) and room.student.name not in str(hint) for hint in hints)

    # the office writes for him and is written to
    worker, office = Caller(client, room.worker), Caller(client, room.office)
    assert worker.post(f"/tickets/{opened}/messages", {"text": "下午三点到"}).status_code == 201
    assert office.post(f"/tickets/{opened}/messages", {"text": "我在值班室"}).status_code == 201
    deliver_all(clock.now())
    assert (told(room.office, "ticket-message"), told(room.worker, "order-message")) == (1, 2)
    assert told(room.student, "ticket-message") == 0

    # confirmation falls to the default rule, for both
    at_work.do(room.worker, order_id, OrderAct.START, now=clock.now())
    at_work.do(room.worker, order_id, OrderAct.DONE, now=clock.now(), note="换了")
    refused = office.post(f"/tickets/{opened}/confirm", seen="*")
    assert (refused.status_code, refused.json["type"].rsplit("/", 1)[-1]) == (409, "no-reporter")
    rated = office.post(f"/tickets/{opened}/rating", {"quality": 1, "speed": 1, "manner": 1})
    assert rated.status_code == 403
    for ticket_id in (done, opened):
        timers.close_by_default(
            actor=Actor.system(1), now=clock.now() + timedelta(days=7), ticket_id=ticket_id, cycle=1
        )
    database.expire_all()
    assert {database.get_one(Ticket, (1, each)).status for each in (done, opened)} == {"closed"}
    assert [
        (each.person_id, each.quality, each.speed, each.manner) for each in database.scalars(select(Rating))
    ] == before
    assert timeline.folded(opened).status == "closed"


def test_the_office_answers_a_question_and_says_that_it_is_not_fixed(
    client: FlaskClient, room: Room, database: Session
) -> None:
    filed = room.file()
    graduates(client, room)
    sweep()
    desk, office = Caller(client, room.dispatcher), Caller(client, room.office)
    asked = desk.post(f"/tickets/{filed.id}/transitions", {"act": "ask", "note": "哪一个水龙头？"}, seen="*")
    assert asked.status_code == 200
    deliver_all(clock.now())
    assert (told(room.office, "ticket-question"), told(room.student, "ticket-question")) == (1, 0)
    accounts.sign_in(client, room.office)
    assert "answer-form" in client.get(f"/tickets/{filed.id}").text
    answered = office.post(f"/tickets/{filed.id}/transitions", {"act": "answer", "note": "左边的"}, seen="*")
    assert answered.json["status"] == "accepted"


def test_moving_to_another_room_passes_the_contact_but_he_still_reads_it(
    client: FlaskClient, room: Room, database: Session
) -> None:
    filed = room.file()
    assert leavers.waiting(clock.now(), 10) == []
    room.lived.during = Range(date(2026, 9, 1), clock.now().date() + timedelta(days=1))
    database.flush()
    assert leavers.waiting(clock.now(), 10) == []  # tomorrow
    tomorrow = clock.now() + timedelta(days=1)
    assert leavers.waiting(tomorrow, 10) == [filed.id]
    assert leavers.why(filed.id, tomorrow) == "home"
    assert leaving.pass_to_office(actor=Actor.system(1), now=tomorrow, ticket_id=filed.id)
    assert not leaving.pass_to_office(actor=Actor.system(1), now=tomorrow, ticket_id=filed.id)
    assert Caller(client, room.student).get(f"/tickets/{filed.id}").status_code == 200


def test_who_never_lived_there_or_moved_out_before_is_no_leaver(room: Room, database: Session) -> None:
    teacher = accounts.person("teacher")
    accounts.home(teacher, room.room.id, date(2026, 9, 1), date(2026, 10, 1))
    room.file(by=teacher)
    room.file(by=accounts.person("teacher"))
    assert leavers.waiting(clock.now(), 10) == []


def test_without_a_dorm_office_the_fallback_role_is_the_contact(room: Room, database: Session) -> None:
    elsewhere = factory.place("building", "图书馆", factory.place("campus", "北校区"))
    found = leavers.office(campus_id=elsewhere.campus_id, building_id=elsewhere.id, now=clock.now())
    assert [each.id for each in found] == [room.dispatcher.id]


def test_the_office_reminds_in_his_place_and_is_asked_to_call(
    client: FlaskClient, room: Room, database: Session
) -> None:
    """ "Reporter or his contact": what the leaver could ask for, the office can."""
    opened, order_id = room.taken()
    graduates(client, room)
    sweep()
    ticket = database.get_one(Ticket, (1, opened))
    ticket.promised_at = clock.now() - timedelta(minutes=1)
    database.flush()
    office, stranger = Caller(client, room.office), Caller(client, room.next)
    assert office.get(f"/tickets/{opened}").json["urge_from"] is not None
    assert office.post(f"/tickets/{opened}/remind").json["urged"] == 1
    assert stranger.post(f"/tickets/{opened}/remind").status_code == 404
    accounts.sign_in(client, room.worker)
    assert client.post(f"/crew/{order_id}/call").status_code == 303
    deliver_all(clock.now())
    assert (told(room.office, "ticket-call"), told(room.student, "ticket-call")) == (1, 0)


@pytest.mark.parametrize("how", ["account", "home"])
def test_a_leavers_request_can_still_be_split(client: FlaskClient, room: Room, database: Session, how: str) -> None:
    """N5: the second fault is his report too, and the dorm office is its contact from the beginning."""
    filed = room.file()
    if how == "account":
        graduates(client, room)
    else:
        room.lived.during = Range(date(2026, 9, 1), clock.now().date() + timedelta(days=1))
        database.flush()
        tomorrow = clock.now() + timedelta(days=1)
        assert leaving.pass_to_office(actor=Actor.system(1), now=tomorrow, ticket_id=filed.id)
    made = splitting.split(
        actor=accounts.actor(room.dispatcher),
        now=clock.now() + timedelta(days=1),
        ticket_id=filed.id,
        category=room.category.code,
        description="灯也坏了",
    )
    database.expire_all()
    ticket = database.get_one(Ticket, (1, made.id))
    assert (ticket.reporter_id, ticket.split_from_id) == (room.student.id, filed.id)
    assert (ticket.contact_name, ticket.contact_phone) == ("陈宿管", "8120 3333")
    assert ticket.left_at is not None


def test_nobody_files_anew_for_whoever_has_left(room: Room, database: Session) -> None:
    """N5 is about what he reported: a new request on his behalf is refused as before."""
    room.student.disabled_at = clock.now()
    database.flush()
    with pytest.raises(Rejected) as refused:
        room.file(by=room.dispatcher, reporter_id=room.student.id)
    assert list(refused.value.fields) == ["reporter_id"]


def test_rules_n5_n8_who_takes_a_leavers_request_over_is_its_contact(
    client: FlaskClient, room: Room, database: Session
) -> None:
    opened, _order = room.taken()
    other = accounts.person("student", name="室友")
    database.add(TicketFollower(ticket_id=opened, person_id=other.id, since=clock.now()))
    graduates(client, room)
    sweep()
    ticket = database.get_one(Ticket, (1, opened), populate_existing=True)
    assert ticket.left_at is not None
    case = by_ticket(opened, actor=Actor.system(1), now=clock.now())
    following.hand_over(case)
    case.write()
    database.refresh(ticket)
    assert (ticket.reporter_id, ticket.left_at) == (other.id, None)
