"""Scenario 14 through HTTP: not fixed, three times; figures, alarms, and after the window (N8, N10, 44)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.tickets.models import Rating, Ticket, TicketEvent
from app.tickets.queries import timeline
from tests.factories import accounts, attachments
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all, told

Login = Callable[..., FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen")


class Story(factory.Ground):
    """A tap, its reporter, one technician, whoever supervises and leads."""

    def __init__(self, client: FlaskClient) -> None:
        super().__init__()
        self.client = client
        self.worker = self.technician()
        self.supervisor = accounts.person("supervisor", scope_kind="campus", scope_id=self.campus.id)
        self.leader = accounts.person("leader")
        self.elsewhere = accounts.person("supervisor", scope_kind="campus", scope_id=10**6)
        self.mine, self.desk = Caller(client, self.student), Caller(client, self.dispatcher)
        self.ticket = self.mine.file(self).json["id"]

    def order(self) -> dict[str, Any]:
        items = self.desk.get("/work-orders", ticket=self.ticket).json["items"]
        return next(each for each in items if each["state"] not in ("closed", "cancelled", "verified"))

    def repaired(self) -> None:
        """The order is given to the technician, who repairs and takes a photo."""
        order = self.order()
        if order["state"] != "offered":
            path = f"/work-orders/{order['id']}/assignment"
            given = self.desk.post(path, {"assignee": str(self.worker.id)}, seen=order["version"])
            assert given.status_code == 200, given.json
        hand = Caller(self.client, self.worker)
        for to, more in (("accepted", {}), ("working", {}), ("done", {"note": "换了阀芯"})):
            if to == "done":
                sent = {"photo": (io.BytesIO(attachments.jpeg()), "valve.jpg"), "moment": "after"}
                photo = self.client.post(f"/api/v1/work-orders/{order['id']}/photos", data=sent, headers=hand.headers)
                assert photo.status_code == 201, photo.json
            seen = hand.get(f"/work-orders/{order['id']}").json["version"]
            moved = hand.post(f"/work-orders/{order['id']}/transitions", {"to": to, **more}, seen=seen)
            assert moved.status_code == 200, moved.json
        deliver_all(clock.now())

    def refused(self) -> dict[str, Any]:
        answer = self.mine.post(f"/tickets/{self.ticket}/not-fixed", {"note": "晚上又漏了"}, seen="*")
        assert answer.status_code == 200, answer.json
        deliver_all(clock.now())
        return answer.json

    def figures(self) -> dict[str, dict[str, Any]]:
        day = clock.now().date().isoformat()
        asked = Caller(self.client, self.leader).get("/reports/figures", first=day, last=day)
        assert asked.status_code == 200, asked.json
        return {each["figure"]: each for each in asked.json["total"]}


@pytest.fixture
def story(client: FlaskClient, database: Session) -> Story:
    return Story(client)


def test_three_times_not_fixed(client: FlaskClient, story: Story, login: Login, database: Session) -> None:
    story.repaired()
    before = story.figures()
    assert (before["first_time"]["part"], before["first_time"]["whole"]) == (1, 1)
    assert (before["satisfaction"]["part"], before["satisfaction"]["whole"]) == (0, 1)
    first = story.order()

    # no within the window: a rework order, planned for the supervisor, with the earlier photos
    assert story.refused()["status"] == "in_service"
    order = story.order()
    assert (order["kind"], order["state"], order["rework_of_id"]) == ("rework", "planned", first["id"])
    assert order["assignee"] is None
    login(story.supervisor)
    page = client.get(f"/dispatch/{order['id']}").text
    assert "返修" in page
    assert "上次维修的照片" in page
    assert "晚上又漏了" in page
    assert (told(story.supervisor, "order-rework"), told(story.dispatcher, "order-rework")) == (1, 0)
    assert database.scalars(select(TicketEvent.kind).where(TicketEvent.kind == "photo")).all() == ["photo"]

    # what did not hold is not called closed, to the crew, the desk and whoever reads the request
    assert client.get(f"/api/v1/work-orders/{first['id']}", headers=story.desk.headers).json["state"] == "closed"
    for who, there in ((story.worker, "/crew"), (story.dispatcher, f"/dispatch/{first['id']}")):
        login(who)
        assert "没修好" in client.get(there).text, there
    assert "没修好" in client.get(f"/tickets/{story.ticket}").text

    # first-time fix falls; nobody's silence becomes praise
    after = story.figures()
    assert (after["first_time"]["part"], after["first_time"]["whole"]) == (0, 1)
    assert after["satisfaction"]["stars"] is None
    assert database.scalars(select(Rating)).all() == []

    # three reopens raise an alarm: supervisor of the place and leadership, nobody before the third
    for _again in range(2):
        assert (told(story.supervisor, "ticket-not-fixed"), told(story.leader, "ticket-not-fixed")) == (0, 0)
        story.repaired()
        story.refused()
    assert (told(story.supervisor, "ticket-not-fixed"), told(story.leader, "ticket-not-fixed")) == (1, 1)
    assert (told(story.elsewhere, "ticket-not-fixed"), told(story.dispatcher, "ticket-not-fixed")) == (0, 0)
    database.expire_all()
    ticket = database.get_one(Ticket, (1, int(story.ticket)))
    assert (ticket.not_fixed_count, ticket.cycle) == (3, 4)
    assert timeline.folded(ticket.id).status == "in_service"


def test_after_the_window_a_linked_new_request(
    client: FlaskClient, story: Story, login: Login, database: Session, now: datetime
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    story.repaired()
    here = f"/tickets/{story.ticket}"
    login(story.student)
    assert "The fault is back" not in client.get(here).text
    with clock.frozen(now + timedelta(days=30)):
        login(story.student)
        assert "The fault is back" not in client.get(here).text  # the last instant still belongs to the window
    with clock.frozen(now + timedelta(days=31)):
        deliver_all(clock.now())
        late = Caller(client, story.student).post(f"{here}/not-fixed", {"note": "又漏"}, seen="*")
        assert late.status_code == 409
        login(story.student)
        page = client.get(here).text
        assert "The fault is back" in page
        link = f"/report?category=tap&amp;place_id={story.room.id}&amp;recurs={story.ticket}"
        assert link in page
        form = client.get(link.replace("&amp;", "&")).text
        number = database.get_one(Ticket, (1, int(story.ticket))).number
        assert f"The fault of {number} is back" in form
        sent = {"place_id": str(story.room.id), "group": str(story.category.id), "recurs": str(story.ticket)}
        assert client.post("/report", data=sent).status_code == 303
        newest = database.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
        assert newest.recurs_of_id == int(story.ticket)
        shown = Caller(client, story.student).get(f"/tickets/{newest.id}").json
        assert shown["recurs_of"] == story.ticket


def test_a_follower_for_whom_it_is_not_fixed_reports_his_own(
    client: FlaskClient, story: Story, login: Login, database: Session
) -> None:
    """N8: "not at mine" opens his own ticket, which names the first."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    follower = accounts.person("student")
    accounts.home(follower, story.room.id)
    assert Caller(client, follower).post(f"/tickets/{story.ticket}/join").status_code == 200
    story.repaired()
    login(follower)
    page = client.get(f"/tickets/{story.ticket}").text
    assert "Not at mine: report it anew" in page
    form = client.get(f"/report?category=tap&recurs={story.ticket}").text
    assert "is back: this request will name it" in form
    sent = {"place_id": str(story.room.id), "group": str(story.category.id), "recurs": str(story.ticket)}
    assert client.post("/report", data=sent).status_code == 303
    newest = database.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
    assert (newest.recurs_of_id, newest.reporter_id) == (int(story.ticket), follower.id)
    refused = Caller(client, follower).post(f"/tickets/{story.ticket}/not-fixed", {"note": "x"}, seen="*")
    assert refused.status_code == 404  # the first stays as it is
    stranger = accounts.person("student")
    login(stranger)
    assert "will name it" not in client.get(f"/report?category=tap&recurs={story.ticket}").text
