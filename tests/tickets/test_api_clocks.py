"""Clocks, priorities and more time over the API (tickets-rules 16 to 18, 22, 23; scenarios 5, 7, 9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.tickets.services import dispatching
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.walking import deliver

SYSTEM = Actor.system(1)


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour - 8, minute, tzinfo=UTC)


def text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Scene:
    """People who speak to the API at moments of November 2026."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.ground = make.Ground()
        self.technician = self.ground.technician()
        self.supervisor = accounts.person("supervisor", name="赵主管")
        self._tokens: dict[int, dict[str, str]] = {}

    def say(
        self, person: Person, method: str, address: str, body: Any = None, *, at: datetime, seen: int | None = None
    ) -> Any:
        if person.id not in self._tokens:
            self._tokens[person.id] = accounts.token(person)
        headers = dict(self._tokens[person.id])
        if seen is not None:
            headers["If-Match"] = f'"v{seen}"'
        with clock.frozen(at):
            return self.client.open(f"/api/v1{address}", method=method, json=body, headers=headers)

    def file(self, at: datetime, **more: Any) -> dict[str, Any]:
        body = {"place_id": str(self.ground.room.id), "category": self.ground.category.code, "description": "漏水"}
        with clock.frozen(at):
            headers = {**accounts.token(self.ground.student), "Idempotency-Key": f"key-{at.isoformat()}"}
            answer = self.client.post("/api/v1/tickets", json={**body, **more}, headers=headers)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return dict(answer.json or {})

    def order(self, ticket: dict[str, Any], at: datetime) -> dict[str, Any]:
        found = self.say(self.ground.dispatcher, "GET", f"/work-orders?ticket={ticket['id']}", at=at)
        return dict(found.json["items"][0])

    def taken(self, ticket: dict[str, Any], at: datetime) -> dict[str, Any]:
        """Offered to the technician, who accepts."""
        order = self.order(ticket, at)
        dispatching.dispatch_order(actor=SYSTEM, now=at, order_id=int(order["id"]))
        return self.move(self.order(ticket, at), "accepted", at)

    def move(self, order: dict[str, Any], to: str, at: datetime, **more: Any) -> dict[str, Any]:
        address = f"/work-orders/{order['id']}/transitions"
        answer = self.say(self.technician, "POST", address, {"to": to, **more}, at=at, seen=order["version"])
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.json)

    def ticket(self, ticket: dict[str, Any], at: datetime) -> dict[str, Any]:
        return dict(self.say(self.ground.student, "GET", f"/tickets/{ticket['id']}", at=at).json)

    def clocks(self, ticket: dict[str, Any], at: datetime) -> dict[str, Any]:
        answer = self.say(self.supervisor, "GET", f"/tickets/{ticket['id']}/clocks", at=at)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return {each["kind"]: each for each in answer.json["items"]}


@pytest.fixture
def scene(client: FlaskClient, database: Session) -> Scene:
    with clock.frozen(local(18, 10)):
        return Scene(client)


def test_scenario_5_a_wrong_phone_clock(scene: Scene) -> None:
    """Three hours fast with a known offset: the true time counts; set back: nothing is gained, it is flagged."""
    ticket = scene.file(local(18, 10))
    order = scene.taken(ticket, local(18, 10, 10))
    fast = {"device_at": text(local(18, 13, 40)), "device_offset_s": -3 * 3600}
    order = scene.move(order, "working", local(18, 11), **fast)
    found = scene.clocks(ticket, local(18, 11))["arrive"]
    assert (found["stopped_at"], found["kept"]) == (text(local(18, 10, 40)), True)
    back = {"device_at": text(local(18, 8)), "device_offset_s": 0, "note": "换了垫圈"}
    scene.move(order, "done", local(18, 11, 30), **back)
    found = scene.clocks(ticket, local(18, 12))["restore"]
    assert found["stopped_at"] == text(local(18, 10, 40))  # not before the last event of the order
    assert found["used"] == 40
    events = scene.say(scene.supervisor, "GET", f"/tickets/{ticket['id']}/events", at=local(18, 12)).json["items"]
    assert all(each["at"] >= events[0]["at"] for each in events)


def test_scenario_7_a_holiday_is_added_later(scene: Scene) -> None:
    """Open clocks are judged by the new version, stopped ones stay; the promise moves later only, and is told."""
    ticket = scene.file(local(18, 11, 50))
    order = scene.taken(ticket, local(18, 11, 55))
    assert ticket["promised_at"] == text(local(23, 18))
    admin = accounts.person("admin")
    shown = scene.say(admin, "GET", "/calendars", at=local(18, 14)).json["items"][0]
    content = shown["content"]
    content["overrides"] = [{"on": "2026-11-20", "kind": "closed", "note": "校庆"}]
    answer = scene.say(
        admin, "PUT", f"/calendars/{shown['id']}", {"content": content}, at=local(18, 14), seen=shown["version"]
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    from app.tickets.services import recalendaring

    version = int(answer.json["version_id"])
    for ticket_id in recalendaring.waiting(int(shown["id"]), version, 0):
        recalendaring.rejudge(actor=SYSTEM, now=local(18, 14), ticket_id=ticket_id, version_id=version)
    found = scene.clocks(ticket, local(18, 14))
    assert found["restore"]["due_at"] == text(local(24, 18))
    assert found["respond"]["due_at"] == text(local(18, 17, 50))  # stopped at 11:55: as it was judged
    assert scene.ticket(ticket, local(18, 14))["promised_at"] == text(local(24, 18))
    assert scene.order(ticket, local(18, 14))["version"] == order["version"]  # clocks raise no version


def test_scenario_9_hold_over_the_weekend_and_a_raise(scene: Scene) -> None:
    """Friday 17:00 to Monday 09:00 on hold for access, then raised: used time kept, no instant breach, explained."""
    ticket = scene.file(local(19, 10))
    order = scene.taken(ticket, local(19, 10))
    order = scene.move(order, "en_route", local(20, 16, 30))
    order = scene.move(order, "on_hold", local(20, 17), reason="access")
    paused = scene.clocks(ticket, local(21, 12))["restore"]
    assert (paused["state"], paused["due_at"], paused["used"]) == ("paused", None, 360 + 420)
    order = scene.move(order, "en_route", local(23, 9))
    version = scene.ticket(ticket, local(23, 9))["version"]
    raised = scene.say(
        scene.ground.dispatcher,
        "POST",
        f"/tickets/{ticket['id']}/priority",
        {"priority": "high", "reason": "影响整层用水"},
        at=local(23, 9, 5),
        seen=version,
    )
    assert raised.status_code == 200, raised.get_data(as_text=True)
    found = scene.clocks(ticket, local(23, 9, 6))["restore"]
    assert found["used"] == 360 + 420 + 6
    assert found["state"] == "soon"
    assert found["due_at"] == text(local(23, 10, 5))  # 480 − 785 is gone: the floor of an hour from the change
    acts = [(line["act"], line["due_at"]) for line in found["trail"]]
    assert acts[0] == ("start", text(local(24, 18)))
    assert ("pause", None) in acts
    assert acts[-1] == ("terms", text(local(23, 10, 5)))
    # a hold for parts pauses the inner clock; the promise moves only by an approved extension
    promised = scene.ticket(ticket, local(23, 9, 10))["promised_at"]
    scene.move(order, "on_hold", local(23, 9, 10), reason="parts", until=text(local(25, 9)))
    assert scene.clocks(ticket, local(23, 9, 20))["restore"]["state"] == "paused"
    assert scene.ticket(ticket, local(23, 9, 20))["promised_at"] == promised
    assert scene.order(ticket, local(23, 9, 20))["due_at"] == promised


class TestExtension:
    """23."""

    def ask(self, scene: Scene, ticket: dict[str, Any], person: Person, at: datetime, **more: Any) -> Any:
        body = {"until": text(local(27, 18)), "reason": "配件要等一周", **more}
        return scene.say(person, "POST", f"/tickets/{ticket['id']}/extension", body, at=at)

    def decide(self, scene: Scene, ticket: dict[str, Any], person: Person, at: datetime, approve: bool = True) -> Any:
        address = f"/tickets/{ticket['id']}/extension/decision"
        return scene.say(person, "POST", address, {"approve": approve}, at=at)

    def test_asked_approved_and_promised(self, scene: Scene) -> None:
        ticket = scene.file(local(18, 10))
        scene.taken(ticket, local(18, 10, 10))
        asked = self.ask(scene, ticket, scene.technician, local(18, 11))
        assert asked.status_code == 201, asked.get_data(as_text=True)
        assert asked.json["approved"] is None
        assert self.ask(scene, ticket, scene.ground.dispatcher, local(18, 11)).status_code == 409
        before = scene.say(scene.ground.student, "GET", f"/tickets/{ticket['id']}/events", at=local(18, 11)).json
        assert "extension" not in [each["kind"] for each in before["items"]]  # nothing is decided yet
        decided = self.decide(scene, ticket, scene.supervisor, local(18, 12))
        assert decided.status_code == 200, decided.get_data(as_text=True)
        assert scene.ticket(ticket, local(18, 12))["promised_at"] == text(local(27, 18))
        assert scene.clocks(ticket, local(18, 12))["restore"]["due_at"] == text(local(27, 18))
        deliver(local(18, 12))
        assert self.decide(scene, ticket, scene.supervisor, local(18, 12)).status_code == 409

    def test_nobody_decides_on_his_own(self, scene: Scene) -> None:
        ticket = scene.file(local(18, 10))
        assert self.ask(scene, ticket, scene.supervisor, local(18, 11)).status_code == 201
        assert self.decide(scene, ticket, scene.supervisor, local(18, 11)).status_code == 403
        other = accounts.person("dutylead")
        assert self.decide(scene, ticket, other, local(18, 11), approve=False).status_code == 200
        assert scene.ticket(ticket, local(18, 12))["promised_at"] == ticket["promised_at"]

    def test_after_the_promise_it_is_told_and_heals_nothing(self, scene: Scene) -> None:
        ticket = scene.file(local(18, 10), urgency="high")
        scene.taken(ticket, local(18, 10, 10))
        self.ask(scene, ticket, scene.technician, local(18, 17))
        self.decide(scene, ticket, scene.supervisor, local(19, 9))
        assert scene.ticket(ticket, local(19, 9))["promised_at"] == text(local(27, 18))
        found = scene.clocks(ticket, local(19, 9))
        assert found["promise"]["kept"] is False
        assert (found["restore"]["due_at"], found["restore"]["state"]) == (text(local(18, 18)), "late")
        address = f"/tickets/{ticket['id']}/clocks/{found['restore']['id']}/excuse"
        excused = scene.say(scene.supervisor, "POST", address, {"reason": "停水抢修"}, at=local(19, 10))
        assert excused.status_code == 200, excused.get_data(as_text=True)
        found = scene.clocks(ticket, local(19, 10))["restore"]
        assert (found["excused"], found["state"]) == (True, "late")

    def test_nothing_to_excuse(self, scene: Scene) -> None:
        ticket = scene.file(local(18, 10))
        found = scene.clocks(ticket, local(18, 11))["restore"]
        address = f"/tickets/{ticket['id']}/clocks/{found['id']}/excuse"
        assert scene.say(scene.supervisor, "POST", address, {"reason": "因为"}, at=local(18, 11)).status_code == 409

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"until": "2026-11-18T00:00:00Z"}, "until"),
            ({"until": "2026-11-20T00:00:00Z"}, "until"),  # before what is promised
            ({"until": "2031-01-01T00:00:00Z"}, "until"),
            ({"reason": "  "}, "reason"),
        ],
    )
    def test_refused_by_field(self, scene: Scene, more: dict[str, Any], field: str) -> None:
        ticket = scene.file(local(18, 10))
        answer = self.ask(scene, ticket, scene.ground.dispatcher, local(18, 11), **more)
        assert answer.status_code == 422
        assert field in {each["field"] for each in answer.json["errors"]}

    def test_a_technician_without_the_order_may_not(self, scene: Scene) -> None:
        ticket = scene.file(local(18, 10))
        assert self.ask(scene, ticket, scene.ground.technician(), local(18, 11)).status_code == 404


def test_due_at_names_its_clock_and_is_empty_where_all_pauses(scene: Scene) -> None:
    """1: the promise runs on while the inner clocks pause, so an order is never without a due time but while asked."""
    ticket = scene.file(local(18, 10))
    order = scene.order(ticket, local(18, 10))
    assert (order["due_at"], order["due_clock"]) == (text(local(18, 10, 30)), "dispatch")
    version = scene.ticket(ticket, local(18, 10))["version"]
    scene.say(
        scene.ground.dispatcher,
        "POST",
        f"/tickets/{ticket['id']}/transitions",
        {"act": "ask", "note": "哪个水龙头？"},
        at=local(18, 10, 20),
        seen=version,
    )
    assert scene.order(ticket, local(18, 10, 20))["due_at"] is None
    scene.say(
        scene.ground.student,
        "POST",
        f"/tickets/{ticket['id']}/transitions",
        {"act": "answer", "note": "左边的"},
        at=local(18, 11),
        seen=version + 1,
    )
    order = scene.order(ticket, local(18, 11))
    assert order["due_at"] == text(local(18, 11, 10))  # ten of thirty minutes were left
    moved = datetime.fromisoformat(scene.ticket(ticket, local(18, 11))["promised_at"])
    assert moved == local(23, 18) + timedelta(hours=14, minutes=40)  # 40 working minutes on: Tuesday 08:40
