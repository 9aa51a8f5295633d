"""Acceptance by a third party: V in scope of the place, his list, N9 and N6."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.tickets.models import Rating, Ticket, TicketEvent, WorkOrder
from app.tickets.queries import timeline
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import category_versions, dispatching, filing, timers
from tests.factories import accounts, attachments
from tests.factories import tickets as factory
from tests.tickets import at_work
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all, told, unread

Login = Callable[..., FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen")


class Dorm(factory.Ground):
    """A building with its dorm manager; one category whose work he accepts."""

    def __init__(self) -> None:
        super().__init__()
        self.worker = self.technician()
        self.manager = accounts.person("dormmanager", scope_kind="building", scope_id=self.building.id, name="陈宿管")
        other = factory.place("building", "梅园1栋", self.campus)
        self.stranger = accounts.person("dormmanager", scope_kind="building", scope_id=other.id)
        editor = factory.actor(accounts.person("admin"))
        category_versions.write(self.category, actor=editor, now=clock.now(), demands={"third_party": True})

    def finished(self, **more: Any) -> int:
        order_id = at_work.offered(self, clock.now(), **more)
        at_work.do(self.worker, order_id, OrderAct.ACCEPT, OrderAct.START, now=clock.now())
        at_work.do(self.worker, order_id, OrderAct.DONE, now=clock.now(), note="换了阀芯")
        return int(db.session.get_one(WorkOrder, (1, order_id)).ticket_id)


@pytest.fixture
def dorm(database: Session) -> Dorm:
    return Dorm()


def waiting(client: FlaskClient, who: Person) -> list[str]:
    found = Caller(client, who).get("/tickets/to-accept")
    assert found.status_code == 200
    return [each["id"] for each in found.json["items"]]


def act(client: FlaskClient, who: Person, ticket_id: int, **sent: Any) -> Any:
    return Caller(client, who).post(f"/tickets/{ticket_id}/transitions", sent, seen="*")


def test_he_who_has_the_right_at_the_place_accepts_and_it_is_closed(
    client: FlaskClient, dorm: Dorm, database: Session
) -> None:
    ticket_id = dorm.finished()
    assert waiting(client, dorm.manager) == [str(ticket_id)]
    assert waiting(client, dorm.stranger) == []
    deliver_all(clock.now())
    assert (told(dorm.manager, "ticket-to-accept"), told(dorm.stranger, "ticket-to-accept")) == (1, 0)
    assert act(client, dorm.stranger, ticket_id, act="accept_third").status_code == 404
    assert act(client, dorm.student, ticket_id, act="accept_third").status_code == 403
    assert act(client, dorm.dispatcher, ticket_id, act="accept_third").status_code == 403
    answer = act(client, dorm.manager, ticket_id, act="accept_third")
    assert (answer.status_code, answer.json["status"]) == (200, "closed")
    assert {row.state for row in database.scalars(select(WorkOrder))} == {"closed"}
    assert timeline.folded(ticket_id).status == "closed"
    assert waiting(client, dorm.manager) == []
    deliver_all(clock.now())
    assert unread(dorm.manager, "ticket-to-accept") == 0
    assert told(dorm.student, "ticket-closed") == 1


def test_the_reporters_word_is_recorded_once_and_closes_nothing(
    client: FlaskClient, dorm: Dorm, database: Session
) -> None:
    """N9."""
    ticket_id = dorm.finished()
    mine = Caller(client, dorm.student)
    assert mine.get(f"/tickets/{ticket_id}").json["third_party"] is True
    for _again in range(2):
        answer = mine.post(f"/tickets/{ticket_id}/confirm", seen="*")
        assert (answer.status_code, answer.json["status"]) == (200, "resolved")
    said = database.scalars(select(TicketEvent).where(TicketEvent.kind == "agreed")).all()
    assert [(each.from_state, each.to_state, each.actor_id) for each in said] == [(None, None, dorm.student.id)]
    rated = mine.post(f"/tickets/{ticket_id}/rating", {"quality": 5, "speed": 4, "manner": 5})
    assert rated.status_code == 200
    assert database.scalar(select(func.count()).select_from(Rating)) == 1
    answer = mine.post(f"/tickets/{ticket_id}/not-fixed", {"note": "晚上又漏了"}, seen="*")  # his not_fixed wins
    assert answer.json["status"] == "in_service"
    assert act(client, dorm.manager, ticket_id, act="accept_third").status_code == 409


def test_his_not_fixed_wins_over_an_acceptance(client: FlaskClient, dorm: Dorm) -> None:
    """N9: also after it was accepted, within 30 days."""
    ticket_id = dorm.finished()
    act(client, dorm.manager, ticket_id, act="accept_third")
    answer = Caller(client, dorm.student).post(f"/tickets/{ticket_id}/not-fixed", {"note": "又漏"}, seen="*")
    assert answer.json["status"] == "in_service"


def test_default_closing_runs(dorm: Dorm, database: Session) -> None:
    """N9."""
    ticket_id = dorm.finished()
    later = clock.now() + timedelta(days=7)
    timers.close_by_default(actor=Actor.system(1), now=later, ticket_id=ticket_id, cycle=1)
    database.expire_all()
    assert database.get_one(Ticket, (1, ticket_id)).status == "closed"


@pytest.mark.parametrize("answered", [True, False])
def test_what_closed_by_itself_says_whose_word_was_missing(
    client: FlaskClient, dorm: Dorm, login: Login, answered: bool
) -> None:
    ticket_id = dorm.finished()
    if answered:
        Caller(client, dorm.student).post(f"/tickets/{ticket_id}/confirm", seen="*")
    timers.close_by_default(actor=Actor.system(1), now=clock.now() + timedelta(days=7), ticket_id=ticket_id, cycle=1)
    page = login(dorm.student).get(f"/tickets/{ticket_id}", headers={"Accept-Language": "en"}).text
    assert ("Nobody answered for 7 days" in page) is not answered
    assert ("nobody had accepted it on site" in page) is answered


def test_an_anonymous_request_is_accepted_by_the_third_party_and_never_asked(
    client: FlaskClient, dorm: Dorm, database: Session
) -> None:
    """N6."""
    filed = filing.file_ticket(
        actor=Actor.anonymous(1),
        now=clock.now(),
        category=dorm.category.code,
        place_id=dorm.room.id,
        description="走廊水龙头漏水",
        origin="qr",
    )
    (order,) = database.scalars(select(WorkOrder).where(WorkOrder.ticket_id == filed.id))
    dispatching.dispatch_order(actor=Actor.system(1), now=clock.now(), order_id=order.id)
    at_work.do(dorm.worker, order.id, OrderAct.ACCEPT, OrderAct.START, now=clock.now())
    at_work.do(dorm.worker, order.id, OrderAct.DONE, now=clock.now(), note="换了")
    assert waiting(client, dorm.manager) == [str(filed.id)]
    assert act(client, dorm.manager, filed.id, act="accept_third").json["status"] == "closed"


def test_without_the_demand_nobody_is_v(client: FlaskClient, dorm: Dorm) -> None:
    plain = factory.category("lamp", dorm.trade, "灯", "Lamp")
    ticket_id = dorm.finished(category=plain.code)
    assert waiting(client, dorm.manager) == []
    assert act(client, dorm.manager, ticket_id, act="accept_third").status_code == 403
    manager = Caller(client, dorm.manager)
    assert manager.post(f"/tickets/{ticket_id}/not-fixed", {"note": "x"}, seen="*").status_code == 403
    assert Caller(client, dorm.student).post(f"/tickets/{ticket_id}/confirm", seen="*").json["status"] == "closed"


def test_the_pages(client: FlaskClient, dorm: Dorm, login: Login, database: Session) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    ticket_id = dorm.finished()
    here = f"/tickets/{ticket_id}"
    login(dorm.student)
    page = client.get(here).text
    assert "Repaired, waiting to be accepted" in page
    assert f"{here}/confirm" in page
    version = {"version": str(database.get_one(Ticket, (1, ticket_id)).version)}
    assert client.post(f"{here}/confirm", data=version).status_code == 303
    page = client.get(here).text
    assert "You said that it is fixed" in page
    assert "Without an answer" not in page
    assert "if nobody has accepted it on site before." in page
    assert f"{here}/confirm" not in page
    assert f"{here}/accept-work" not in page
    assert client.get("/tickets/to-accept").status_code == 403
    login(dorm.manager)
    listed = client.get("/tickets/to-accept").text
    assert here in listed
    assert "Closes by itself on" in listed
    page = client.get(here).text
    assert f"{here}/accept-work" in page
    assert "The reporter says that it is fixed." in page
    empty = client.post(f"{here}/not-fixed", data=version)
    assert empty.status_code == 422  # words or a photo
    photo = (io.BytesIO(attachments.jpeg()), "wet.jpg")
    sent = client.post(f"{here}/not-fixed", data={**version, "complaint_photos": photo})
    assert sent.status_code == 303, sent.text
    database.expire_all()
    ticket = database.get_one(Ticket, (1, ticket_id))
    assert ticket.status == "in_service"
    late = client.post(f"{here}/accept-work", data={"version": str(ticket.version)})
    assert late.status_code == 409  # nothing to accept any more, though he has seen that
    assert "No finished work waits for you." in client.get("/tickets/to-accept").text
