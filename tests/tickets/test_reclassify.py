"""Staff corrects a request: category, place, urgency, reach; orders of another trade give way; a report is split."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.notifications.models import Notification
from app.tickets.models import Category, Ticket, TicketEvent, WorkOrder
from app.tickets.queries import timeline
from app.tickets.services import priorities, unlisted
from app.tickets.services.case import by_ticket
from tests.editing import save
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all

Login = Callable[..., FlaskClient]


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    made = factory.Ground()
    made.electric = factory.trade("electric", "电工", "Electrician")
    made.lamp = factory.category("lamp", made.electric, "灯", "Lamp", impact="floor")
    factory.category("late", made.trade, "排水", "Drain", auto_dispatch=False)
    factory.category("flood", made.trade, "爆管", "Burst", emergency=True, emergency_phone="8120 0000")
    return made


def orders(database: Session, ticket_id: int) -> list[tuple[str, int]]:
    rows = database.execute(
        select(WorkOrder.state, WorkOrder.trade_id).where(WorkOrder.ticket_id == ticket_id).order_by(WorkOrder.id)
    )
    return [(row.state, row.trade_id) for row in rows]


def correct(caller: Caller, ticket_id: Any, *, seen: int | None = None, **wish: Any) -> Any:
    return caller.post(f"/tickets/{ticket_id}/reclassify", {"reason": "看过现场", **wish}, seen=seen)


def test_orders_of_another_trade_are_opened_anew(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    ground.technician()
    desk, filed = Caller(client, ground.dispatcher), ground.file()
    deliver_all(clock.now())
    answer = correct(desk, filed.id, category="lamp", seen=1)
    assert (answer.status_code, answer.json["category"], answer.json["impact"]) == (200, "lamp", "floor")
    electric = ground.electric.id
    assert orders(database, filed.id) == [("cancelled", ground.trade.id), ("queued", electric)]
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "reclassify")).one()
    said = dict(event.data or {})
    assert said.pop("sla")["priority"] == "normal"  # the terms the clocks run by from here on (17)
    assert said == {"category": ["tap", "lamp"], "impact": ["room", "floor"]}
    assert (event.reason, event.audience) == ("看过现场", "staff")
    assert timeline.folded(filed.id).status == "accepted"
    same = correct(desk, filed.id, category="lamp")
    assert same.json["version"] == answer.json["version"]  # the same again changes nothing
    deliver_all(clock.now())
    told = database.scalars(select(Notification.kind).where(Notification.person_id == ground.student.id)).all()
    assert "ticket-changed" in told


def test_urgency_reach_and_emergency_decide_the_priority(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    desk, filed = Caller(client, ground.dispatcher), ground.file()
    assert correct(desk, filed.id, urgency="high").json["priority"] == "high"
    assert correct(desk, filed.id, impact="building").json["impact"] == "building"
    assert correct(desk, filed.id, category="flood").json["priority"] == "emergency"
    order = database.scalars(select(WorkOrder)).one()
    assert order.priority == "emergency"


def test_a_place_moves_ticket_orders_and_search(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    ground.technician()
    desk, filed = Caller(client, ground.dispatcher), ground.file()
    deliver_all(clock.now())
    other = factory.place("building", "竹园1栋", ground.campus)
    room = factory.place("room", "101", other)
    moved = correct(desk, filed.id, place_id=str(room.id))
    assert moved.json["place_id"] == str(room.id)
    order = database.scalars(select(WorkOrder)).one()
    assert (order.building_id, order.state) == (other.id, "queued")  # whoever was asked may not work there
    assert [each["id"] for each in desk.get("/tickets", q="竹园1栋").json["items"]] == [str(filed.id)]


def test_what_waited_for_its_place_or_category_goes_on_by_itself(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    desk = Caller(client, ground.dispatcher)
    nowhere = ground.file(place_text="7 号楼 999")
    assert nowhere.status == "submitted"
    # the dispatcher of the factories reads the whole institution, so he sees it
    found = correct(desk, nowhere.id, place_id=str(ground.room.id))
    assert found.json["status"] == "accepted"
    assert orders(database, nowhere.id) == [("queued", ground.trade.id)]
    late = ground.file(category="late")
    assert correct(desk, late.id, category="tap").json["status"] == "accepted"


def test_nobody_moves_it_to_where_he_has_no_say_and_what_waits_has_no_order_to_change(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    far = factory.place("building", "竹园1栋", factory.place("campus", "北校区"))
    here = accounts.person("dispatcher", scope_kind="campus", scope_id=ground.campus.id)
    refused = correct(Caller(client, here), ground.file().id, place_id=str(far.id))
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "place_id")
    waits = ground.file(place_text="7 号楼 999")
    assert correct(Caller(client, ground.dispatcher), waits.id, category="lamp").json["status"] == "submitted"
    assert orders(database, waits.id) == []


def test_what_is_refused(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    desk, filed = Caller(client, ground.dispatcher), ground.file()
    for wish, field in (
        ({"category": "nothing"}, "category"),
        ({"place_id": "999999"}, "place_id"),
        ({"urgency": "x"}, "urgency"),
        ({"impact": "x"}, "impact"),
        ({"reason": ""}, "reason"),
        ({"else": 1}, "else"),
    ):
        answer = correct(desk, filed.id, **wish)
        assert answer.status_code == 422, wish
        assert [each["field"] for each in answer.json["errors"]] == [field]
    assert correct(desk, filed.id, urgency="low", seen=9).status_code == 412
    assert correct(Caller(client, ground.student), filed.id, urgency="low").status_code == 403
    Caller(client, ground.student).post(f"/tickets/{filed.id}/withdraw", seen=1)
    assert correct(desk, filed.id, urgency="low").json["type"] == "not-open"


def test_a_report_of_two_faults_is_split(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    desk, filed = Caller(client, ground.dispatcher), ground.file(description="水龙头漏水，灯也不亮")
    lamp = {"category": "lamp", "description": "灯不亮"}
    made = desk.post(f"/tickets/{filed.id}/split", lamp, seen=1)
    assert made.status_code == 201, made.json
    second = database.get_one(Ticket, (1, int(made.json["id"])))
    assert (second.split_from_id, second.reporter_id, second.on_behalf_by, second.place_id) == (
        filed.id, ground.student.id, ground.dispatcher.id, ground.room.id,
    )  # fmt: skip
    assert database.scalars(select(TicketEvent.kind).where(TicketEvent.ticket_id == filed.id)).all()[-1] == "split"
    assert desk.post(f"/tickets/{filed.id}/split", {**lamp, "description": ""}).status_code == 422
    assert desk.post(f"/tickets/{filed.id}/split", {**lamp, "category": "nothing"}).status_code == 422
    assert Caller(client, ground.student).post(f"/tickets/{filed.id}/split", lamp).status_code == 403
    unknown = ground.file(place_text="操场边")
    assert desk.post(f"/tickets/{unknown.id}/split", lamp).json["status"] == "submitted"


def test_the_pages_correct_and_split(
    client: FlaskClient, ground: factory.Ground, login: Login, database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    filed = ground.file()
    desk = login(ground.dispatcher)
    shown = desk.get(f"/tickets/{filed.id}").get_data(as_text=True)
    assert f"/tickets/{filed.id}/reclassify" in shown
    assert "Lamp" in desk.get(f"/tickets/{filed.id}/reclassify").get_data(as_text=True)
    lamp = database.scalars(select(Category).where(Category.code == "lamp")).one()
    sent = {"version": "1", "category": str(lamp.id), "urgency": "high", "impact": "room", "reason": "看过"}
    assert desk.post(f"/tickets/{filed.id}/reclassify", data=sent | {"reason": ""}).status_code == 422
    assert desk.post(f"/tickets/{filed.id}/reclassify", data=sent).status_code == 303
    database.expire_all()
    ticket = database.get_one(Ticket, (1, filed.id))
    assert (ticket.category_id, ticket.urgency, ticket.impact) == (lamp.id, "high", "floor")
    assert desk.post(f"/tickets/{filed.id}/reclassify", data=sent).status_code == 412  # seen an older version
    assert "Split the request" in desk.get(f"/tickets/{filed.id}/split").get_data(as_text=True)
    split = save(desk, f"/tickets/{filed.id}/split", {"category": str(lamp.id), "description": "还有一盏"})
    assert split.status_code == 303
    assert desk.post(f"/tickets/{filed.id}/split", data={"category": str(lamp.id)}).status_code == 422
    assert desk.get("/tickets/999999/split").status_code == 404


class TestWhatAPriorityStandsOn:
    """26, 27: judged anew where category, urgency or impact change; what a person said stays said."""

    def elsewhere(self, ground: factory.Ground) -> str:
        return str(factory.place("room", "101", factory.place("building", "竹园1栋", ground.campus)).id)

    def test_urgency_the_desk_said_outlives_a_correction_of_the_place(
        self, client: FlaskClient, ground: factory.Ground
    ) -> None:
        desk, filed = Caller(client, ground.dispatcher), ground.file()
        assert correct(desk, filed.id, urgency="emergency").json["priority"] == "emergency"
        assert correct(desk, filed.id, place_id=self.elsewhere(ground)).json["priority"] == "emergency"
        assert correct(desk, filed.id, category="lamp").json["priority"] == "emergency"

    def test_a_priority_set_by_itself_stands_until_urgency_or_reach_are_named(
        self, client: FlaskClient, ground: factory.Ground
    ) -> None:
        desk, filed = Caller(client, ground.dispatcher), ground.file()
        sent = {"priority": "emergency", "reason": "食堂停水"}
        assert desk.post(f"/tickets/{filed.id}/priority", sent, seen=1).json["priority"] == "emergency"
        assert correct(desk, filed.id, place_id=self.elsewhere(ground)).json["priority"] == "emergency"
        assert correct(desk, filed.id, category="lamp").json["priority"] == "emergency"
        assert correct(desk, filed.id, impact="room").json["priority"] == "normal"

    def test_a_category_of_emergencies_raises_it_all_the_same(
        self, client: FlaskClient, ground: factory.Ground
    ) -> None:
        desk, filed = Caller(client, ground.dispatcher), ground.file()
        desk.post(f"/tickets/{filed.id}/priority", {"priority": "low", "reason": "不急"}, seen=1)
        assert correct(desk, filed.id, category="lamp").json["priority"] == "low"
        assert correct(desk, filed.id, category="flood").json["priority"] == "emergency"

    def test_what_a_step_raised_does_not_fall_by_a_correction(
        self, client: FlaskClient, ground: factory.Ground, database: Session
    ) -> None:
        desk, filed = Caller(client, ground.dispatcher), ground.file(urgency="low")
        case = by_ticket(filed.id, actor=Actor.system(1), now=clock.now())
        priorities.change(case, "high", reason=priorities.BY_STEP, by_system=True)
        case.write()
        assert correct(desk, filed.id, category="lamp").json["priority"] == "high"
        assert correct(desk, filed.id, urgency="normal").json["priority"] == "normal"

    def test_an_emergency_of_the_reporter_counts_when_staff_says_so(
        self, client: FlaskClient, ground: factory.Ground
    ) -> None:
        desk, filed = Caller(client, ground.dispatcher), ground.file(urgency="emergency")
        assert filed.priority == "high"
        assert correct(desk, filed.id, place_id=self.elsewhere(ground)).json["priority"] == "high"
        said = correct(desk, filed.id, urgency="emergency").json
        assert said["priority"] == "emergency"
        assert correct(desk, filed.id, urgency="emergency").json["version"] == said["version"]  # again is nothing

    def test_words_named_for_all_leave_it_alone(self, client: FlaskClient, ground: factory.Ground) -> None:
        desk, filed = Caller(client, ground.dispatcher), ground.file(place_text="老水房")
        desk.post(f"/tickets/{filed.id}/priority", {"priority": "emergency", "reason": "淹水"}, seen=1)
        accounts.person("admin")
        moved = unlisted.name_for_all(
            actor=factory.actor(ground.dispatcher), now=clock.now(), text="老水房", place_id=ground.room.id
        )
        assert moved == 1
        deliver_all(clock.now())
        assert desk.get(f"/tickets/{filed.id}").json["priority"] == "emergency"

    def test_the_page_says_nothing_anew_of_what_it_only_shows(
        self, ground: factory.Ground, login: Login, database: Session
    ) -> None:
        filed = ground.file(urgency="emergency")
        sent = {
            "category": str(database.get_one(Ticket, (1, filed.id)).category_id),
            "urgency": "emergency",
            "impact": "room",
            "place_id": self.elsewhere(ground),
            "reason": "看过现场",
            "version": "1",
        }
        assert login(ground.dispatcher).post(f"/tickets/{filed.id}/reclassify", data=sent).status_code == 303
        database.expire_all()
        assert database.get_one(Ticket, (1, filed.id)).priority == "high"


class TestPriorityByHand:
    """Priority = matrix, or another with a reason (17, 26): the page of what the API has long had."""

    def test_page_sets_it_and_the_history_says_from_what_to_what(
        self, client: FlaskClient, ground: factory.Ground, login: Login, database: Session
    ) -> None:
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        filed = ground.file()
        desk, here = login(ground.dispatcher), f"/tickets/{filed.id}"
        assert f"{here}/priority" in desk.get(here).text
        form = desk.get(f"{here}/priority").text
        assert "By the matrix" in form
        assert save(desk, f"{here}/priority", {"priority": "high", "reason": ""}).status_code == 422
        assert save(desk, f"{here}/priority", {"priority": "utmost", "reason": "考试周"}).status_code == 422
        assert save(desk, f"{here}/priority", {"priority": "normal", "reason": "考试周"}).status_code == 422  # as it is
        assert save(desk, f"{here}/priority", {"priority": "high", "reason": "考试周"}).status_code == 303
        database.expire_all()
        assert database.get_one(Ticket, (1, filed.id)).priority == "high"
        shown = desk.get(here).text
        assert "Priority: Normal → High" in shown
        assert "考试周" in shown
        old = {"version": "1", "priority": "low", "reason": "x"}
        assert desk.post(f"{here}/priority", data=old).status_code == 412

    def test_reporters_and_ended_requests_have_none(
        self, client: FlaskClient, ground: factory.Ground, login: Login
    ) -> None:
        filed = ground.file()
        assert login(ground.student).get(f"/tickets/{filed.id}/priority").status_code == 403
        Caller(client, ground.student).post(f"/tickets/{filed.id}/withdraw", seen=1)
        desk = login(ground.dispatcher)
        assert f"/tickets/{filed.id}/priority" not in desk.get(f"/tickets/{filed.id}").text
        late = save(desk, f"/tickets/{filed.id}/priority", {"priority": "high", "reason": "x"})
        assert late.status_code == 409

    def test_a_correction_names_what_it_changed(
        self, client: FlaskClient, ground: factory.Ground, login: Login, database: Session
    ) -> None:
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        filed = ground.file()
        other = factory.place("room", "101", factory.place("building", "竹园1栋", ground.campus))
        correct(Caller(client, ground.dispatcher), filed.id, category="lamp", place_id=str(other.id), urgency="high")
        shown = login(ground.dispatcher).get(f"/tickets/{filed.id}").text
        assert "→ Lamp" in shown
        assert f"→ {other.path}" in shown
        assert "Urgency said: Normal → High" in shown
        assert "Reach: One room → A floor" in shown

    def test_a_step_that_raised_it_is_named_in_words(
        self, client: FlaskClient, ground: factory.Ground, login: Login
    ) -> None:
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        filed = ground.file()
        case = by_ticket(filed.id, actor=Actor.system(1), now=clock.now())
        priorities.change(case, "high", reason=priorities.BY_STEP, by_system=True)
        case.write()
        shown = login(ground.dispatcher).get(f"/tickets/{filed.id}").text
        assert "A step of the service level raised it." in shown
