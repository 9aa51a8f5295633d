"""Photos that go with a message: sent from either side, read by the two sides and the desk, by nobody else."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.attachments.models import Attachment
from app.core import clock
from app.core.actor import Actor
from app.notifications.models import Notification
from app.tickets.models import Ticket, TicketEvent, TicketFollower
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching
from app.tickets.services import orders as order_acts
from tests.counting import counted
from tests.factories import accounts, attachments
from tests.factories import tickets as factory
from tests.tickets.delivering import deliver_all

pytestmark = pytest.mark.usefixtures("frozen")


class Story:
    """A ticket in a public place whose order a technician holds, with a follower."""

    def __init__(self, database: Session, client: FlaskClient) -> None:
        self.client, self.database = client, database
        self.ground = factory.Ground()
        self.technician = self.ground.technician()
        self.ticket = self.ground.file()
        now = clock.now()
        dispatching.dispatch_order(actor=Actor.system(1), now=now, order_id=self.ticket.order_id or 0)
        order_acts.act(
            actor=accounts.actor(self.technician),
            now=now,
            order_id=self.ticket.order_id or 0,
            act=OrderAct.ACCEPT,
            seen=None,
        )
        self.follower = accounts.person("student", name="周同学")
        database.add(TicketFollower(ticket_id=self.ticket.id, person_id=self.follower.id, since=now))
        database.flush()
        self.here, self.order = f"/tickets/{self.ticket.id}", f"/crew/{self.ticket.order_id}"

    def photos(self) -> list[Attachment]:
        self.database.expire_all()
        return list(self.database.scalars(select(Attachment).order_by(Attachment.id)))

    def api(self, who: Person, path: str, **sent: Any) -> Any:
        headers = {**accounts.token(who), "Accept-Language": "en"}
        method = self.client.post if sent else self.client.get
        return method(f"/api/v1{path}", headers=headers, **sent)


@pytest.fixture
def story(database: Session, client: FlaskClient) -> Story:
    return Story(database, client)


def photo(colour: int = 200) -> tuple[io.BytesIO, str]:
    return io.BytesIO(attachments.jpeg(colour=(colour, 30, 30))), "leak.jpg"


def test_the_crew_and_the_reporter_send_photos_from_their_boxes(story: Story, login: Any) -> None:
    crew = login(story.technician)
    assert 'enctype="multipart/form-data"' in crew.get(story.order).text.split('id="write"')[1]
    sent = crew.post(f"{story.order}/messages", data={"text": "Is it this valve?", "photos": photo()})
    assert sent.status_code == 303
    reporter = login(story.ground.student)
    assert 'name="photos"' in reporter.get(story.here).text.split('id="write"')[1]
    more = {"text": "", "photos": [photo(90), photo(120)]}
    assert reporter.post(f"{story.here}/messages", data=more).status_code == 303, "photos alone will do"
    assert [(each.owner_kind, each.owner_id, each.moment) for each in story.photos()] == [
        ("message", story.ticket.id, "message")
    ] * 3
    for each in story.photos():
        attachments.prepare(each)
    for who, path in ((story.technician, story.order), (story.ground.student, story.here)):
        page = login(who).get(path, headers={"Accept-Language": "en"}).text
        thread = page.split('id="thread"')[1].split('id="write"')[0]
        assert thread.count("Photo of a message") >= 3
        assert "Is it this valve?" in thread
    reported = login(story.technician).get(story.order, headers={"Accept-Language": "en"}).text
    assert "Photo of the fault" not in reported, "what was said meanwhile is not what was reported"


def test_what_is_no_photo_is_refused_beside_the_box_and_words_are_kept(story: Story, login: Any) -> None:
    crew = login(story.technician)
    wrong = {"text": "Look", "photos": (io.BytesIO(b"<html>"), "a.jpg")}
    page = crew.post(f"{story.order}/messages", data=wrong, headers={"Accept-Language": "en"})
    assert page.status_code == 422
    assert "not a photo" in page.text
    assert re.search(r"<textarea[^>]*>\s*Look</textarea>", page.text)
    assert crew.post(f"{story.order}/messages", data={"text": "  "}).status_code == 422
    many = {"text": "x", "photos": [photo(shade) for shade in range(7)]}
    assert crew.post(f"{story.order}/messages", data=many).status_code == 422
    assert story.photos() == []
    assert story.database.scalars(select(TicketEvent.id).where(TicketEvent.kind == "message")).all() == []


def test_only_the_two_sides_and_the_desk_see_them(story: Story, login: Any, database: Session) -> None:
    """Not a follower, not another student, not the public where the request was published."""
    login(story.technician).post(f"{story.order}/messages", data={"text": "x", "photos": photo()})
    (kept,) = story.photos()
    attachments.prepare(kept)
    story.ground.room.public = True
    database.get_one(Ticket, (1, story.ticket.id)).published = True
    database.flush()
    address = f"/attachments/{kept.id}/content"
    seen = {
        who: story.api(person, address).status_code
        for who, person in {
            "technician": story.technician,
            "reporter": story.ground.student,
            "dispatcher": story.ground.dispatcher,
            "follower": story.follower,
            "stranger": accounts.person("student"),
            "other crew": story.ground.technician(),
        }.items()
    }
    assert seen == {
        "technician": 200,
        "reporter": 200,
        "dispatcher": 200,
        "follower": 404,
        "stranger": 404,
        "other crew": 404,
    }
    told = story.client.get(f"/open311/v2/requests/{story.ticket.number}.json").json
    assert told[0]["media_url"] is None


def test_over_the_api(story: Story) -> None:
    path = f"/tickets/{story.ticket.id}/messages/photos"
    made = story.api(story.ground.student, path, data={"text": "Here", "photo": photo()})
    assert made.status_code == 201, made.json
    (kept,) = story.photos()
    events = story.api(story.technician, f"/tickets/{story.ticket.id}/events").json["items"]
    said = [each for each in events if each["kind"] == "message"]
    assert [(each["note"], each["photos"]) for each in said] == [("Here", [str(kept.id)])]
    assert all(each["photos"] == [] for each in events if each["kind"] != "message")
    assert story.api(story.ground.student, path, data={"text": "Here"}).status_code == 422
    assert story.api(story.follower, path, data={"photo": photo(3)}).status_code == 404
    again = story.api(story.ground.student, path, data={"photo": photo()})
    assert again.status_code == 201
    assert len(story.photos()) == 1, "the same photo sent again is the one there is"


def test_a_photo_without_words_is_told_as_such(story: Story) -> None:
    path = f"/tickets/{story.ticket.id}/messages/photos"
    assert story.api(story.technician, path, data={"photo": photo()}).status_code == 201
    deliver_all(clock.now() + timedelta(seconds=1))
    told = story.database.scalars(select(Notification).where(Notification.kind == "ticket-message")).one()
    assert told.data["note"] == {"zh-CN": "（照片）", "en": "(a photo)"}


def test_the_page_costs_one_statement_more_however_many_there_are(story: Story, login: Any) -> None:
    reporter = login(story.ground.student)

    def statements() -> int:
        reporter.get(story.here)
        with counted() as sent:
            reporter.get(story.here)
        return len(sent)

    reporter.post(f"{story.here}/messages", data={"text": "words"})
    plain = statements()
    reporter.post(f"{story.here}/messages", data={"text": "", "photos": photo(1)})
    one = statements()
    for shade in range(2, 6):
        reporter.post(f"{story.here}/messages", data={"text": "", "photos": photo(shade * 20)})
    assert statements() == one == plain + 1
