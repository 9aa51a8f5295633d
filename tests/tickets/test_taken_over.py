"""N8: whoever takes a request over becomes its reporter; what the first one wrote, showed and asked for stays his.

He knows of it what a follower knows (tickets.md: state, promise, messages to followers, no place finer than the floor),
and everything from then on. N5: the dorm office, contact of one who has left, reads its scope as staff.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.attachments.models import Attachment
from app.core import clock
from app.core.db import db
from app.notifications.models import Notification
from app.tickets.models import Ticket, TicketFollower
from app.tickets.queries import viewer
from app.tickets.services import acts
from tests.factories import accounts, attachments
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all

WORDS = "上铺床头 水龙头漏 13800000000"
ANSWER = "左边那个"
REPORTER = "最初的报修人"


class Handed:
    """A request with words, answers, window and a photo, handed on to its first follower a minute later."""

    def __init__(self, ground: factory.Ground, now: datetime) -> None:
        self.ground = ground
        ground.student.name = REPORTER
        ground.room = factory.place("room", "朝北寝室", ground.floor)  # no number: ids and names have those too
        filed = ground.file(description=WORDS)
        self.id: int = filed.id
        self.number: str = filed.number
        ticket = db.session.get_one(Ticket, (1, self.id))
        ticket.answers = {"which": ANSWER}
        ticket.visit_from, ticket.visit_to = now + timedelta(days=1), now + timedelta(days=1, hours=2)
        self.before = attachments.photo("ticket", self.id)
        self.heir: Person = accounts.person("student")
        db.session.add(TicketFollower(ticket_id=self.id, person_id=self.heir.id, since=now))
        db.session.flush()
        with clock.frozen(now + timedelta(minutes=1)):
            acts.withdraw(actor=accounts.actor(ground.student), now=clock.now(), ticket_id=self.id, seen=None)
        db.session.expire_all()


@pytest.fixture
def handed(database: Session, frozen: datetime) -> Handed:
    return Handed(factory.Ground(), frozen)


def hidden_in(text: str, room: str) -> None:
    for each in (REPORTER, WORDS, "13800000000", ANSWER, room):
        assert each not in text


def test_the_api_shows_the_new_reporter_what_a_follower_sees(client: FlaskClient, handed: Handed) -> None:
    heir = Caller(client, handed.heir)
    shown = heir.get(f"/tickets/{handed.id}").json
    assert (shown["description"], shown["answers"], shown["visit_window"]) == ("", [], None)
    assert (shown["place_id"], shown["place"]) == (None, "南校区 · 桃园3栋 · 4层")
    hidden_in(str(shown), handed.ground.room.name)
    assert shown["reporter"]["id"] == str(handed.heir.id)
    hidden_in(str(heir.get(f"/tickets/{handed.id}/events").json), handed.ground.room.name)
    (listed,) = heir.get("/tickets", mine=1).json["items"]
    assert listed["number"] == handed.number
    hidden_in(str(listed), handed.ground.room.name)


def test_nothing_that_is_hidden_finds_it(client: FlaskClient, handed: Handed) -> None:
    heir = Caller(client, handed.heir)
    for asked in ({"q": "上铺"}, {"q": "13800000000"}, {"place": str(handed.ground.room.id)}):
        for mine in ({}, {"mine": 1}):
            assert heir.get("/tickets", **asked, **mine).json["items"] == [], asked
    assert len(heir.get("/tickets", q=handed.number).json["items"]) == 1
    assert len(heir.get("/tickets", place=str(handed.ground.building.id)).json["items"]) == 1


def test_the_page_says_what_is_his(client: FlaskClient, login: Callable[..., FlaskClient], handed: Handed) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    page = login(handed.heir).get(f"/tickets/{handed.id}").text
    hidden_in(page, handed.ground.room.name)
    assert "You took this request over" in page
    assert f"/attachments/{handed.before.id}" not in page
    assert "Withdraw" in page  # it is his in every other way
    hidden_in(client.get("/tickets").text, handed.ground.room.name)


def test_photos_from_before_are_not_his_and_those_from_then_on_are(
    client: FlaskClient, handed: Handed, database: Session, frozen: datetime
) -> None:
    heir = accounts.actor(handed.heir)
    before = database.get_one(Attachment, (1, handed.before.id))
    assert viewer.sees_ticket(heir, handed.id)
    assert not viewer.sees_photo(heir, handed.id, before.at)
    assert Caller(client, handed.heir).get(f"/attachments/{before.id}").status_code == 404
    assert Caller(client, handed.ground.dispatcher).get(f"/attachments/{before.id}").status_code == 200
    with clock.frozen(frozen + timedelta(minutes=5)):
        later = attachments.photo("ticket", handed.id, content=attachments.jpeg(colour=(1, 99, 1)))
    assert Caller(client, handed.heir).get(f"/attachments/{later.id}").status_code == 200


def test_who_has_more_to_do_with_it_sees_all_of_it(client: FlaskClient, handed: Handed, database: Session) -> None:
    """Staff of its scope, and a technician who takes part, are shown what they would be anyway."""
    desk = Caller(client, handed.ground.dispatcher)
    assert desk.get(f"/tickets/{handed.id}").json["description"] == WORDS
    office = accounts.person("dormmanager", scope_kind="building", scope_id=handed.ground.building.id)
    ticket = database.get_one(Ticket, (1, handed.id))
    ticket.reporter_id = office.id
    database.flush()
    assert Caller(client, office).get(f"/tickets/{handed.id}").json["description"] == WORDS


def test_he_is_told_no_place_finer_than_the_floor(client: FlaskClient, handed: Handed, database: Session) -> None:
    desk = Caller(client, handed.ground.dispatcher)
    asked = desk.post(f"/tickets/{handed.id}/transitions", {"act": "ask", "note": "还漏吗？"}, seen="*")
    assert asked.status_code == 200
    deliver_all(clock.now() + timedelta(minutes=2))
    told: list[Any] = list(
        database.execute(select(Notification.kind, Notification.data).where(Notification.person_id == handed.heir.id))
    )
    assert {each.kind for each in told} == {"ticket-yours", "ticket-question"}
    assert all(handed.ground.room.name not in str(each.data["place"]) for each in told)


def test_the_dorm_office_is_the_contact_and_reads_what_lies_in_its_scope(
    client: FlaskClient, database: Session, frozen: datetime
) -> None:
    """N5: the contact answers in the leaver's place, so he sees what is asked about; another building's does not."""
    ground = factory.Ground()
    filed = ground.file(description=WORDS)
    database.get_one(Ticket, (1, filed.id)).left_at = frozen
    elsewhere = factory.place("building", "五号楼", ground.campus)
    here = accounts.person("dormmanager", scope_kind="building", scope_id=ground.building.id)
    there = accounts.person("dormmanager", scope_kind="building", scope_id=elsewhere.id)
    assert Caller(client, here).get(f"/tickets/{filed.id}").json["description"] == WORDS
    assert Caller(client, there).get(f"/tickets/{filed.id}").status_code == 404
    moved_in = accounts.person("student")
    accounts.home(moved_in, ground.room.id)
    assert Caller(client, moved_in).get(f"/tickets/{filed.id}").status_code == 404
