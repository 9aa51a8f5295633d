"""Messages: who may write, who reads, who is told; and no telephone number on the way."""

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
from app.core import clock
from app.core.actor import Actor
from app.notifications.models import Notification
from app.tickets.models import Ticket, TicketEvent, TicketFollower
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching
from app.tickets.services import orders as order_acts
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.delivering import deliver_all


@pytest.fixture
def story(database: Session) -> dict[str, Any]:
    """A ticket whose order a technician holds, with a follower."""
    ground = factory.Ground()
    technician = ground.technician()
    filed = ground.file()
    now = clock.now()
    dispatching.dispatch_order(actor=Actor.system(1), now=now, order_id=filed.order_id or 0)
    order_acts.act(
        actor=accounts.actor(technician), now=now, order_id=filed.order_id or 0, act=OrderAct.ACCEPT, seen=None
    )
    follower = accounts.person("student", name="周同学")
    database.add(TicketFollower(ticket_id=filed.id, person_id=follower.id, since=now))
    database.flush()
    return {"ground": ground, "technician": technician, "filed": filed, "follower": follower}


def write(client: FlaskClient, who: Person, story: dict[str, Any], text: str, **more: Any) -> Any:
    return client.post(
        f"/api/v1/tickets/{story['filed'].id}/messages", json={"text": text, **more}, headers=accounts.token(who)
    )


def read(client: FlaskClient, who: Person, story: dict[str, Any]) -> list[str]:
    answer = client.get(f"/api/v1/tickets/{story['filed'].id}/events?limit=100", headers=accounts.token(who))
    assert answer.status_code == 200
    return [each["note"] for each in answer.json["items"] if each["kind"] == "message"]


def test_reporter_crew_and_desk_write_and_followers_read_what_is_for_them(
    client: FlaskClient, story: dict[str, Any], database: Session
) -> None:
    ground, technician = story["ground"], story["technician"]
    before = database.get_one(Ticket, (1, story["filed"].id)).version
    assert write(client, ground.student, story, "I am in from three o'clock.").status_code == 201
    assert write(client, technician, story, "I come at half past three.").status_code == 201
    assert write(client, ground.dispatcher, story, "Water is off until five.", to_followers=True).status_code == 201
    everything = ["I am in from three o'clock.", "I come at half past three.", "Water is off until five."]
    assert read(client, ground.student, story) == everything
    assert read(client, technician, story) == everything
    assert read(client, ground.dispatcher, story) == everything
    assert read(client, story["follower"], story) == ["Water is off until five."]
    database.expire_all()
    assert database.get_one(Ticket, (1, story["filed"].id)).version == before  # messages never raise the version


def test_nobody_else_writes(client: FlaskClient, story: dict[str, Any]) -> None:
    assert write(client, story["follower"], story, "Me too").status_code == 404
    assert write(client, accounts.person("student"), story, "hello").status_code == 404
    other = story["ground"].technician()
    assert write(client, other, story, "hello").status_code == 404
    assert write(client, story["technician"], story, "all", to_followers=True).status_code == 403
    assert write(client, story["ground"].student, story, "   ").status_code == 422
    assert write(client, story["ground"].student, story, "a\x00b").status_code == 422
    assert write(client, story["ground"].student, story, "x" * 2001).status_code == 422


def test_a_finished_ticket_takes_no_words(client: FlaskClient, story: dict[str, Any], database: Session) -> None:
    database.get_one(Ticket, (1, story["filed"].id)).status = "closed"
    database.flush()
    assert write(client, story["ground"].student, story, "One more thing").status_code == 409


def test_the_other_side_is_told_once(app: Any, client: FlaskClient, story: dict[str, Any], database: Session) -> None:
    ground, technician = story["ground"], story["technician"]
    write(client, ground.student, story, "Please ring the bell twice.")
    write(client, technician, story, "I am on the stairs.")
    deliver_all(clock.now() + timedelta(seconds=1))
    told = database.execute(
        select(Notification.person_id, Notification.kind).where(Notification.kind.like("%-message"))
    ).all()
    assert sorted(told) == sorted([(technician.id, "order-message"), (ground.student.id, "ticket-message")])


def test_the_pages(client: FlaskClient, login: Any, story: dict[str, Any], database: Session) -> None:
    ground, filed = story["ground"], story["filed"]
    ground.student.phone = "13900001111"
    database.flush()
    login(ground.student)
    here = f"/tickets/{filed.id}"
    assert client.post(f"{here}/messages", data={"text": "门没锁，请直接进来。"}).status_code == 303
    page = client.get(here).text
    assert "门没锁" in page
    assert client.post(f"{here}/messages", data={"text": ""}).status_code == 422
    login(story["technician"])
    order = f"/crew/{filed.order_id}"
    assert client.post(f"{order}/messages", data={"text": "好的，马上到。"}).status_code == 303
    page = client.get(order).text
    assert "门没锁" in page
    assert "好的，马上到。" in page
    assert client.post(f"{order}/messages", data={"text": "y" * 2001}).status_code == 422
    login(story["follower"])
    assert "门没锁" not in client.get(here).text
    orders = database.scalars(select(TicketEvent.order_id).where(TicketEvent.kind == "message")).all()
    assert orders == [None, filed.order_id]


def test_the_desk_chooses_who_reads_it(
    client: FlaskClient, login: Any, story: dict[str, Any], database: Session
) -> None:
    """The page offers what the API takes: the reporter, the followers too, or staff alone (a note)."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    ground, here = story["ground"], f"/tickets/{story['filed'].id}"
    login(ground.dispatcher)
    page = client.get(here).text
    assert "Reporter and followers" in page
    assert "Staff only" in page
    sent = {"": "只给报修人", "followers": "五点前停水", "staff": "钥匙在值班室"}
    for to, text in sent.items():
        assert client.post(f"{here}/messages", data={"text": text, "to": to}).status_code == 303
    assert client.post(f"{here}/messages", data={"text": "x", "to": "everybody"}).status_code == 422
    assert client.post(f"{here}/messages", data={"text": " ", "to": "staff"}).status_code == 422
    with_photo = {"text": "x", "to": "staff", "photos": (io.BytesIO(b"x"), "x.jpg")}
    assert client.post(f"{here}/messages", data=with_photo).status_code == 422
    seen = {
        who: {text for text in sent.values() if text in _page(client, login, person, here)}
        for who, person in (("desk", ground.dispatcher), ("reporter", ground.student), ("follower", story["follower"]))
    }
    assert seen == {
        "desk": set(sent.values()),
        "reporter": {"只给报修人", "五点前停水"},
        "follower": {"五点前停水"},
    }
    assert "钥匙在值班室" not in _page(client, login, story["technician"], f"/crew/{story['filed'].order_id}")


@pytest.mark.parametrize(
    ("language", "with_reporter", "without"),
    [("en", "Reporter and followers", "Followers"), ("zh-CN", "报修人和关注者", "关注者")],
)
def test_where_nobody_reported_it_the_followers_alone_read(
    client: FlaskClient,
    login: Any,
    story: dict[str, Any],
    database: Session,
    language: str,
    with_reporter: str,
    without: str,
) -> None:
    database.get_one(Ticket, (1, story["filed"].id)).reporter_id = None
    database.flush()
    login(story["ground"].dispatcher)
    page = client.get(f"/tickets/{story['filed'].id}", headers={"Accept-Language": language}).text
    offered = re.findall(r'name="to" value="followers"[^>]*>(.*?)</label>', page, re.DOTALL)
    assert [re.sub(r"<[^>]+>", "", each).strip() for each in offered] == [without]
    assert with_reporter not in page


def _page(client: FlaskClient, login: Any, who: Person, path: str) -> str:
    login(who)
    return str(client.get(path).text)


def test_notes_over_the_api_are_the_staffs(client: FlaskClient, story: dict[str, Any], database: Session) -> None:
    ground, filed = story["ground"], story["filed"]
    assert write(client, ground.dispatcher, story, "钥匙在值班室", internal=True).status_code == 201
    assert write(client, ground.student, story, "x", internal=True).status_code == 403
    assert write(client, story["technician"], story, "x", internal=True).status_code == 403
    both = write(client, ground.dispatcher, story, "x", internal=True, to_followers=True)
    assert (both.status_code, both.json["errors"][0]["field"]) == (422, "internal")
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "note")).one()
    assert (event.note, event.audience) == ("钥匙在值班室", "staff")
    assert "钥匙在值班室" not in client.get(
        f"/api/v1/tickets/{filed.id}/events?limit=100", headers=accounts.token(ground.student)
    ).get_data(as_text=True)


def test_of_an_ended_request_staff_alone_writes_to_staff(
    client: FlaskClient, login: Any, story: dict[str, Any], database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    ground, here = story["ground"], f"/tickets/{story['filed'].id}"
    database.get_one(Ticket, (1, story["filed"].id)).status = "closed"
    database.flush()
    login(ground.dispatcher)
    page = client.get(here).text
    assert "Note for the staff" in page
    assert "The reporter</span>" not in page
    assert client.post(f"{here}/messages", data={"text": "事后备注", "to": "staff"}).status_code == 303
    assert client.post(f"{here}/messages", data={"text": "x"}).status_code == 409
    login(ground.student)
    assert "Note for the staff" not in client.get(here).text
