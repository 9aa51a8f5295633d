"""Scenario 11, second half: a demolished room keeps its history, what is reported for it goes to its successor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core import clock
from app.sites import queries, services
from app.sites.models import Place
from app.tickets.models import Ticket
from tests.editing import save
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.calling import Caller

Login = Callable[..., FlaskClient]
TODAY = date(2026, 11, 18)


class Demolished(factory.Ground):
    """The building is gone since the first of November, a new one stands in for it."""

    def __init__(self) -> None:
        super().__init__()
        self.admin = accounts.person("admin")
        actor = factory.actor(self.admin)
        self.before = self.file()
        label = services.issue_stickers([self.room.id], actor=actor, now=clock.now())[0]
        self.token = label.secret
        self.new = factory.place("building", "桃园新3栋", self.campus)
        self.lobby = factory.place("room", "101", self.new)
        services.close_places(
            [self.room.id, self.floor.id, self.building.id], date(2026, 11, 1), actor=actor, now=clock.now()
        )


@pytest.fixture
def gone(database: Session, frozen: datetime) -> Demolished:
    return Demolished()


def name_successor(client: FlaskClient, gone: Demolished, place: Place, successor: Place | None) -> Any:
    accounts.sign_in(client, gone.admin)
    sent = {"clear": "1"} if successor is None else {"successor_id": str(successor.id)}
    return save(client, f"/places/{place.id}/successor", sent)


def test_without_a_successor_nothing_can_be_reported(client: FlaskClient, gone: Demolished) -> None:
    assert Caller(client, gone.student).file(gone).status_code == 422
    assert client.get(f"/r/{gone.token}").status_code == 404


def test_history_stays_and_reports_go_to_the_successor(
    client: FlaskClient, gone: Demolished, login: Login, database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert name_successor(client, gone, gone.building, gone.lobby).status_code == 302
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "place.successor")).one()
    assert entry.after == {"successor_id": gone.lobby.id}
    page = client.get(f"/places/{gone.building.id}").text
    assert gone.lobby.path in page
    # by a form or program that still has the old room
    mine = Caller(client, gone.student)
    filed = mine.file(gone)
    assert filed.status_code == 201
    ticket = database.get_one(Ticket, (1, int(filed.json["id"])))
    assert (ticket.place_id, ticket.building_id, ticket.place_text) == (gone.lobby.id, gone.new.id, gone.room.path)
    assert mine.get(f"/places/{gone.building.id}").json["successor_id"] == str(gone.lobby.id)
    # what happened there stays there
    assert database.get_one(Ticket, (1, gone.before.id)).place_id == gone.room.id
    assert mine.get(f"/tickets/{gone.before.id}").json["place"] == gone.room.path
    # by the page
    login(gone.student)
    form = client.get(f"/report?place_id={gone.room.id}").text
    assert f"It stands in for “{gone.room.path}”" in form
    sent = {"place_id": str(gone.room.id), "group": str(gone.category.id), "description": "漏水"}
    answer = client.post("/report", data=sent)
    assert answer.status_code == 303
    assert "is gone; your report is about the place that stands in for it" in client.get(answer.location).text
    login(gone.dispatcher)
    assert "Named by the reporter" in client.get(f"/tickets/{ticket.id}").text


def test_the_old_sticker_leads_to_the_successor(client: FlaskClient, gone: Demolished, database: Session) -> None:
    """Without sign-in."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    services.set_successor(gone.building.id, gone.lobby.id, actor=factory.actor(gone.admin), now=clock.now())
    scanned = client.get(f"/r/{gone.token}")
    assert scanned.status_code == 200
    assert gone.lobby.name in scanned.text
    assert f"It stands in for “{gone.room.path}”" in scanned.text
    sent = client.post(f"/r/{gone.token}", data={"group": str(gone.category.id), "description": "漏水"})
    assert sent.status_code == 200, sent.text
    newest = database.scalars(select(Ticket).order_by(Ticket.id.desc()).limit(1)).one()
    assert (newest.place_id, newest.origin) == (gone.lobby.id, "qr")


def test_who_searches_the_old_name_finds_the_new_place(
    client: FlaskClient, gone: Demolished, login: Login, database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    gone.room.search = gone.room.path.lower()
    name_successor(client, gone, gone.room, gone.lobby)
    login(gone.student)
    for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"}):
        found = client.get("/places/pick?q=412", headers=headers).text
        assert f"stands in for {gone.room.path}" in found
        assert f"{gone.lobby.id}" in found


def test_what_a_successor_may_be(client: FlaskClient, gone: Demolished, database: Session) -> None:
    assert name_successor(client, gone, gone.lobby, gone.new).status_code == 409  # it is open
    for wrong in (gone.building, gone.room):
        assert name_successor(client, gone, gone.building, wrong).status_code == 422
    assert client.post(f"/places/{gone.building.id}/successor", data={"successor_id": "7" * 30}).status_code == 422
    assert client.post(f"/places/{gone.building.id}/successor", data={}).status_code == 422
    name_successor(client, gone, gone.building, gone.lobby)
    for _twice in range(2):
        name_successor(client, gone, gone.building, None)
    database.expire_all()
    assert gone.building.successor_id is None
    told = database.scalars(
        select(AuditEntry.after).where(AuditEntry.verb == "place.successor").order_by(AuditEntry.id)
    )
    assert told.all() == [{"successor_id": gone.lobby.id}, {"successor_id": None}]


def test_successors_of_successors_and_rings(gone: Demolished, database: Session) -> None:
    actor, now = factory.actor(gone.admin), clock.now()
    services.set_successor(gone.building.id, gone.lobby.id, actor=actor, now=now)
    services.close_place(gone.lobby.id, TODAY, actor=actor, now=now)
    assert queries.standing_in(gone.room, TODAY) is None
    last = factory.place("building", "桃园4栋", gone.campus)
    services.set_successor(gone.lobby.id, last.id, actor=actor, now=now)
    assert queries.standing_in(gone.room, TODAY) is last
    last.valid_to, last.successor_id = TODAY, gone.building.id
    database.flush()
    assert queries.standing_in(gone.room, TODAY) is None
    last.valid_to = None
    services.reopen_place(gone.lobby.id, actor=actor, now=now)
    assert gone.lobby.successor_id is None
