"""The window a reporter chooses: offered slots only, not for emergencies; its order waits until it comes near."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, settings
from app.core.actor import Actor
from app.core.errors import Rejected
from app.core.outbox import OutboxEvent
from app.tickets.models import Ticket, WorkOrder
from app.tickets.queries import timeline
from app.tickets.services import timers
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all

Login = Callable[..., FlaskClient]
TOMORROW = {"from": "2026-11-19T06:00:00Z", "to": "2026-11-19T08:00:00Z"}  # 14:00–16:00 in Shanghai
TODAY = {"from": "2026-11-18T04:00:00Z", "to": "2026-11-18T06:00:00Z"}  # 12:00–14:00, two hours from now


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    made = factory.Ground()
    factory.category("flood", made.trade, "爆管", "Burst", emergency=True, emergency_phone="8120 0000")
    return made


def test_an_order_waits_planned_until_its_window_is_near(
    client: FlaskClient, ground: factory.Ground, database: Session, now: datetime
) -> None:
    ground.technician()
    student = Caller(client, ground.student)
    filed = student.file(ground, visit_window=TOMORROW)
    assert (filed.status_code, filed.json["status"]) == (201, "accepted"), filed.json
    assert student.get(f"/tickets/{filed.json['id']}").json["visit_window"] == TOMORROW
    deliver_all(now)
    order = database.scalars(select(WorkOrder)).one()
    assert order.state == "planned"
    near = datetime.fromisoformat(TOMORROW["from"]) - timedelta(minutes=120)
    deliver_all(near - timedelta(minutes=1))
    database.expire_all()
    assert order.state == "planned"
    deliver_all(near)
    database.expire_all()
    assert order.state == "offered"
    assert timeline.folded(int(filed.json["id"])).status == "accepted"


def test_a_near_window_is_offered_at_once(
    client: FlaskClient, ground: factory.Ground, database: Session, now: datetime
) -> None:
    ground.technician()
    filed = Caller(client, ground.student).file(ground, visit_window=TODAY)
    assert filed.status_code == 201, filed.json
    deliver_all(now)
    assert database.scalars(select(WorkOrder.state)).one() == "offered"
    assert "VisitNear" not in database.scalars(select(OutboxEvent.kind)).all()


def test_a_question_does_not_bring_the_order_forward(
    client: FlaskClient, ground: factory.Ground, database: Session, now: datetime
) -> None:
    student, desk = Caller(client, ground.student), Caller(client, ground.dispatcher)
    filed = student.file(ground, visit_window=TOMORROW).json
    asked = desk.post(f"/tickets/{filed['id']}/transitions", {"act": "ask", "note": "几楼？"}, seen=filed["version"])
    assert asked.status_code == 200, asked.json
    student.post(f"/tickets/{filed['id']}/transitions", {"act": "answer", "note": "四楼"}, seen=asked.json["version"])
    assert database.scalars(select(WorkOrder.state)).one() == "planned"


@pytest.mark.parametrize(
    "window",
    [
        {"from": "2026-11-18T02:00:00Z", "to": "2026-11-18T04:00:00Z"},  # too soon
        {"from": "2026-11-19T06:30:00Z", "to": "2026-11-19T08:00:00Z"},  # no slot
        {"from": "2026-11-19T08:00:00Z", "to": "2026-11-19T06:00:00Z"},
        {"from": "2027-11-19T06:00:00Z", "to": "2027-11-19T08:00:00Z"},
        {"from": "2026-11-19T06:00:00Z"},
        {"from": "x", "to": "y"},
        {**TOMORROW, "else": 1},
        "tomorrow",
    ],
)
def test_what_is_not_offered_is_refused(client: FlaskClient, ground: factory.Ground, window: Any) -> None:
    answer = Caller(client, ground.student).file(ground, visit_window=window)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"].startswith("visit_window")


def test_an_emergency_is_not_put_off(client: FlaskClient, ground: factory.Ground) -> None:
    answer = Caller(client, ground.student).file(ground, category="flood", visit_window=TOMORROW)
    assert [each["field"] for each in answer.json["errors"]] == ["visit_window"]


def test_hours_and_step_are_settings(client: FlaskClient, ground: factory.Ground, now: datetime) -> None:
    student = Caller(client, ground.student)
    assert student.get("/visit-windows").json["items"][0] == TODAY
    settings.put("visits.first_hour", 9, actor_id=None, now=now)
    settings.put("visits.step", 60, actor_id=None, now=now)
    found = student.get("/visit-windows").json["items"]
    assert found[0] == {"from": "2026-11-18T04:00:00Z", "to": "2026-11-18T05:00:00Z"}
    for name, beyond in (("visits.first_hour", 21), ("visits.first_hour", 22), ("visits.last_hour", 9)):
        with pytest.raises(Rejected) as refused:
            settings.put(name, beyond, actor_id=None, now=now)
        assert set(refused.value.fields) == {name}, "no window would be left"


def test_the_form_offers_windows(client: FlaskClient, ground: factory.Ground, login: Login, database: Session) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    browser = login(ground.student)
    value = "2026-11-19T06:00:00Z/2026-11-19T08:00:00Z"
    assert f'value="{value}"' in browser.get("/report").get_data(as_text=True)
    sent = {"group": str(ground.category.id), "place_id": str(ground.room.id)}
    for wrong in (
        "2026",
        "2026-11-19T06:30:00Z/2026-11-19T08:00:00Z",
        "2026-11-19T06:00:00/2026-11-19T08:00:00",
        "9999-12-31T23:00:00Z/9999-12-31T23:30:00Z",
    ):
        refused = browser.post("/report", data={**sent, "visit": wrong})
        assert refused.status_code == 422
        assert 'id="f-visit-e"' in refused.get_data(as_text=True)
    filed = browser.post("/report", data={**sent, "visit": value})
    assert filed.status_code == 303
    assert database.scalars(select(Ticket.visit_to)).one() == clock.now().replace(day=19, hour=8)
    assert "14:00–16:00" in browser.get(filed.location).get_data(as_text=True)


def test_an_order_freed_from_another_still_waits_for_the_window(
    client: FlaskClient, ground: factory.Ground, database: Session, now: datetime
) -> None:
    """4, 37: it comes after another one; that ends while the visit is far off, so the visit brings it forward."""
    ground.technician()
    filed = Caller(client, ground.student).file(ground, visit_window=TOMORROW).json
    desk = Caller(client, ground.dispatcher)
    deliver_all(now)
    first = database.scalars(select(WorkOrder)).one()
    more = {"trade": "water", "minutes": 30, "after": str(first.id), "reason": "还有一处"}
    second = desk.post(f"/tickets/{filed['id']}/work-orders", more)
    assert second.status_code == 201, second.get_data(as_text=True)
    window = datetime.fromisoformat(TOMORROW["from"])
    timers.visit_near(actor=Actor.system(1), now=window, order_id=int(second.json["id"]))
    assert database.get_one(WorkOrder, (1, int(second.json["id"]))).state == "planned", "the first one is not over"
    gone = desk.post(f"/work-orders/{first.id}/transitions", {"to": "cancelled", "reason": "not_needed"}, seen="*")
    assert gone.status_code == 200, gone.json
    near = datetime.fromisoformat(TOMORROW["from"]) - timedelta(minutes=120)
    deliver_all(near - timedelta(minutes=1))
    database.expire_all()
    order = database.get_one(WorkOrder, (1, int(second.json["id"])))
    assert order.state == "planned"
    deliver_all(near)
    database.expire_all()
    assert order.state == "offered"
    assert timeline.folded(int(filed["id"])).status == "accepted"


def test_a_window_moved_later_brings_no_order_forward(
    client: FlaskClient, ground: factory.Ground, database: Session, now: datetime
) -> None:
    ground.technician()
    filed = Caller(client, ground.student).file(ground, visit_window=TOMORROW).json
    deliver_all(now)
    ticket = database.get_one(Ticket, (1, int(filed["id"])))
    start = datetime.fromisoformat(TOMORROW["from"]) + timedelta(days=1)
    ticket.visit_from, ticket.visit_to = start, start + timedelta(hours=2)
    database.flush()
    near = datetime.fromisoformat(TOMORROW["from"]) - timedelta(minutes=120)
    deliver_all(near)
    database.expire_all()
    assert database.scalars(select(WorkOrder.state)).one() == "planned"
    deliver_all(near + timedelta(days=1))
    assert database.scalars(select(WorkOrder.state)).one() == "offered"
