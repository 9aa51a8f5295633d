"""The API of work orders: assignment with its reasons, further orders, photos (contract.md)."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.tickets.models import TicketEvent
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.walking import deliver


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    return factory.Ground()


def test_a_dispatcher_assigns_and_reads_why(client: FlaskClient, ground: factory.Ground) -> None:
    technician, absent = ground.technician(), ground.technician(on_shift=False)
    filed = ground.file(place_text="操场旁边")
    dispatcher = Caller(client, ground.dispatcher)
    accepted = dispatcher.post(f"/tickets/{filed.id}/transitions", {"act": "accept"}, seen=1)
    assert accepted.json["status"] == "accepted"
    deliver()
    (order,) = dispatcher.get("/work-orders", ticket=filed.id).json["items"]
    assert (order["state"], order["waiting"]) == ("queued", "dispatcher")
    path = f"/work-orders/{order['id']}/assignment"
    version = order["version"]
    assert dispatcher.post(path, {"auto": True}).status_code == 428
    assert dispatcher.post(path, {}, seen=version).status_code == 422
    assert dispatcher.post(path, {"assignee": str(ground.student.id)}, seen=version).status_code == 422
    override = dispatcher.post(path, {"assignee": str(absent.id)}, seen=version)
    assert override.status_code == 422
    assert {each["field"] for each in override.json["errors"]} == {"reason"}
    given = dispatcher.post(path, {"assignee": str(absent.id), "reason": "agreed"}, seen=version)
    assert given.status_code == 200, given.json
    assert (given.json["state"], given.json["assignee"]["id"]) == ("offered", str(absent.id))
    assert given.json["why"][0]["person"] == {"id": str(technician.id), "name": technician.name}
    assert given.json["excluded"][0]["person"]["id"] == str(absent.id)
    late = dispatcher.post(path, {"assignee": str(technician.id)}, seen=version)
    assert (late.status_code, late.json["current"]["assignee"]["id"]) == (412, str(absent.id))
    moved = dispatcher.post(path, {"assignee": str(technician.id)}, seen=given.json["version"])
    assert moved.json["assignee"]["id"] == str(technician.id)
    worker = Caller(client, technician)
    taken = worker.post(f"/work-orders/{order['id']}/transitions", {"to": "accepted"}, seen=moved.json["version"])
    assert taken.status_code == 200
    without = dispatcher.post(path, {"assignee": str(absent.id)}, seen=taken.json["version"])
    assert without.status_code == 422
    again = dispatcher.post(path, {"assignee": str(absent.id), "reason": "balance"}, seen=taken.json["version"])
    assert (again.status_code, again.json["state"]) == (200, "offered")


def test_an_automatic_assignment_says_why(client: FlaskClient, ground: factory.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    dispatcher = Caller(client, ground.dispatcher)
    answer = dispatcher.post(f"/work-orders/{filed.order_id}/assignment", {"auto": True}, seen=1)
    assert (answer.status_code, answer.json["assignee"]["id"]) == (200, str(technician.id))
    (why,) = answer.json["why"]
    assert why["person"] == {"id": str(technician.id), "name": technician.name}
    assert why["reasons"] == ["level 2 of 3", "nothing in hand", "no offer so far"]
    figures = {part["criterion"]: (part["n"], part["weight"]) for part in why["parts"]}
    assert figures == {
        "skill": (0.5, 30),
        "distance": (0.5, 25),
        "load": (1.0, 25),
        "rest_of_shift": (1.0, 10),
        "same_building": (0.0, 5),
        "visited": (0.0, 5),
    }
    assert why["score"] == 62.5


def test_staff_opens_orders_one_after_another(client: FlaskClient, ground: factory.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    dispatcher, worker = Caller(client, ground.dispatcher), Caller(client, technician)
    path = f"/tickets/{filed.id}/work-orders"
    assert dispatcher.post(path, {"trade": "none", "reason": "x"}).status_code == 422
    assert dispatcher.post(path, {"trade": "water"}).status_code == 422
    made = dispatcher.post(path, {"trade": "water", "minutes": 20, "after": str(filed.order_id), "reason": "补墙"})
    assert (made.status_code, made.json["state"]) == (201, "planned")
    assert Caller(client, ground.student).post(path, {"trade": "water", "reason": "x"}).status_code == 403
    for step, more in (("accepted", {}), ("working", {}), ("done", {"note": "好"})):
        order = worker.get(f"/work-orders/{filed.order_id}").json
        moved = worker.post(f"/work-orders/{order['id']}/transitions", {"to": step, **more}, seen=order["version"])
        assert moved.status_code == 200, moved.json
    assert dispatcher.get(f"/work-orders/{made.json['id']}").json["state"] == "queued"
    deliver()
    assert dispatcher.get(f"/work-orders/{made.json['id']}").json["state"] == "offered"
    assert dispatcher.get(f"/tickets/{filed.id}").json["status"] == "in_service"


def picture() -> io.BytesIO:
    kept = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(kept, "JPEG")
    kept.seek(0)
    return kept


def test_photos_of_tickets_and_orders(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()

    def send(person: Person, path: str, seen: int | None = None, **parts: Any) -> Any:
        headers = {**accounts.token(person), **({} if seen is None else {"If-Match": f'"v{seen}"'})}
        return client.post(f"/api/v1{path}", headers=headers, data=parts, content_type="multipart/form-data")

    answer = send(ground.student, f"/tickets/{filed.id}/photos", photo=(picture(), "a.jpg"))
    assert answer.status_code == 201, answer.json
    assert answer.json["items"][0]["moment"] == "report"
    assert send(ground.student, f"/tickets/{filed.id}/photos").status_code == 422
    assert send(accounts.person("leader"), f"/tickets/{filed.id}/photos", photo=(picture(), "a")).status_code == 403
    path = f"/work-orders/{filed.order_id}/photos"
    after = send(technician, path, photo=(picture(), "b.jpg"), moment="before")
    assert (after.status_code, after.json["items"][0]["moment"]) == (201, "before")
    assert send(technician, path, photo=(picture(), "b.jpg"), moment="never").status_code == 422
    for person, where, version in ((ground.student, f"/tickets/{filed.id}/photos", 1), (technician, path, 2)):
        stale = send(person, where, version + 7, photo=(picture(), "c.jpg"), moment="after")
        assert (stale.status_code, stale.json["current"]["version"]) == (412, version)
        assert send(person, where, version, photo=(picture(), "c.jpg"), moment="after").status_code == 201
    kinds = database.scalars(select(TicketEvent.kind).where(TicketEvent.kind == "photo")).all()
    assert kinds == ["photo"] * 3, "the ticket's second one is its first"
    version = Caller(client, ground.student).get(f"/tickets/{filed.id}").json["version"]
    assert version == 1


def test_an_unreadable_version_of_an_order_tells_who_has_it(client: FlaskClient, ground: factory.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    for caller in (Caller(client, technician), Caller(client, ground.dispatcher)):
        answer = caller.post(f"/work-orders/{filed.order_id}/transitions", {"to": "accepted"}, seen='"v1", "v2"')
        assert answer.status_code == 412
        assert answer.json["current"] == {
            "state": "offered",
            "assignee": {"id": str(technician.id), "name": technician.name},
            "version": 2,
        }
