"""Who is given which tickets and orders over the API, by rights, scope, filter and search (contract.md)."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.tickets.api import answering
from app.tickets.api import tickets as api
from app.tickets.queries import orders, tickets, timeline
from app.tickets.schemas import events as event_schemas
from app.tickets.schemas import orders as order_schemas
from app.tickets.schemas import tickets as ticket_schemas
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.walking import deliver


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    return factory.Ground()


def test_other_peoples_tickets_are_not_found(client: FlaskClient, ground: factory.Ground) -> None:
    filed = ground.file()
    stranger = Caller(client, accounts.person("student"))
    assert stranger.get(f"/tickets/{filed.id}").status_code == 404
    assert stranger.post(f"/tickets/{filed.id}/withdraw", seen=1).status_code == 404
    assert stranger.get("/tickets").json["items"] == []
    assert stranger.get("/work-orders").status_code == 403
    assert stranger.post(f"/work-orders/{filed.order_id}/transitions", {"to": "accepted"}, seen=1).status_code == 403
    other = Caller(client, ground.technician(cap=0))
    assert other.get(f"/work-orders/{filed.order_id}").status_code == 404
    assert other.get("/work-orders").json["items"] == []


def test_scopes_narrow_what_staff_sees(client: FlaskClient, ground: factory.Ground) -> None:
    elsewhere = factory.place("building", "荷园1栋", ground.campus)
    room = factory.place("room", "101", elsewhere)
    here, there = ground.file(), ground.file(place_id=room.id)
    manager = Caller(client, accounts.person("dormmanager", scope_kind="building", scope_id=elsewhere.id))
    assert [each["id"] for each in manager.get("/tickets").json["items"]] == [str(there.id)]
    assert manager.get(f"/tickets/{here.id}").status_code == 404
    assert manager.get(f"/work-orders/{there.order_id}").status_code == 200
    refusal = {"act": "reject", "reason": "refused"}
    assert manager.post(f"/tickets/{there.id}/transitions", refusal, seen=1).status_code == 403
    campus = Caller(client, accounts.person("dispatcher", scope_kind="campus", scope_id=ground.campus.id))
    assert len(campus.get("/tickets").json["items"]) == 2
    leader = Caller(client, accounts.person("leader"))
    assert len(leader.get("/tickets").json["items"]) == 2
    assert leader.post(f"/work-orders/{here.order_id}/assignment", {"auto": True}, seen=1).status_code == 403


def test_a_token_without_the_scope_says_so(client: FlaskClient, ground: factory.Ground) -> None:
    """The account may do it: whoever holds the token needs another one, not another role."""
    order_id, url = ground.file().order_id, "/api/v1/work-orders"
    narrow = accounts.token(ground.dispatcher, scopes=["people.lookup"])
    answer = client.post(f"{url}/{order_id}/assignment", json={"auto": True}, headers={**narrow, "If-Match": '"1"'})
    assert (answer.status_code, answer.json["type"]) == (403, "not-allowed")
    assert "权限" in answer.json["detail"]
    assert "令牌" in answer.json["detail"]
    other = accounts.token(accounts.person("leader"))
    answer = client.post(f"{url}/{order_id}/assignment", json={"auto": True}, headers={**other, "If-Match": '"1"'})
    assert answer.status_code == 403
    assert "令牌" not in answer.json["detail"]


def test_filters_search_and_pages(client: FlaskClient, ground: factory.Ground) -> None:
    tickets_made = [ground.file(description=f"第{turn}号 走廊灯不亮") for turn in range(5)]
    ground.file(description="鹦鹉飞进来了", place_text="后山")
    dispatcher = Caller(client, ground.dispatcher)
    page = dispatcher.get("/tickets", limit=4, status="accepted").json
    rest = dispatcher.get("/tickets", limit=4, status="accepted", cursor=page["next"]).json
    ids = [each["id"] for each in page["items"] + rest["items"]]
    assert ids == [str(each.id) for each in reversed(tickets_made)]
    assert rest["next"] is None
    assert [each["status"] for each in dispatcher.get("/tickets", status="submitted").json["items"]] == ["submitted"]
    assert dispatcher.get("/tickets", status="lost").status_code == 422
    for query in ({"q": "鹦鹉"}, {"q": "后山"}, {"q": "飞进 鹦鹉"}):
        assert len(dispatcher.get("/tickets", **query).json["items"]) == 1, query
    assert len(dispatcher.get("/tickets", q="走廊灯").json["items"]) == 5
    assert len(dispatcher.get("/tickets", q="走廊灯", place=ground.building.id).json["items"]) == 5
    assert dispatcher.get("/tickets", q="走廊灯", status="closed").json["items"] == []
    assert dispatcher.get("/tickets", q="100%").json["items"] == []
    assert dispatcher.get("/tickets", q=tickets_made[2].number).json["items"][0]["id"] == str(tickets_made[2].id)
    for where in (ground.campus, ground.building, ground.floor, ground.room):
        assert len(dispatcher.get("/tickets", place=where.id).json["items"]) == 5
    assert len(dispatcher.get("/tickets", category="tap").json["items"]) == 6
    assert dispatcher.get("/tickets", category="none").json["items"] == []
    student = Caller(client, ground.student)
    assert len(student.get("/tickets", q="走廊").json["items"]) == 5
    for wrong in ({"limit": 0}, {"limit": 101}, {"cursor": "?"}, {"place": "x"}):
        assert dispatcher.get("/tickets", **wrong).status_code == 422, wrong


def test_a_search_finds_beyond_the_newest_window(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    """What is older than the window comes from the index; scope and cursor hold there too."""
    rare, common = ground.file(description="鹦鹉"), ground.file(description="走廊灯不亮")
    database.execute(
        text(
            "INSERT INTO ticket (institution_id, number, status, cycle, category_id, place_id, campus_id, building_id, "
            "description, urgency, impact, priority, may_enter, origin, filed_at, reminders, not_fixed_count, version, "
            "search, grams) "
            "SELECT institution_id, 'X' || g, 'closed', 1, category_id, place_id, campus_id, building_id, description, "
            "urgency, impact, priority, may_enter, origin, filed_at, 0, 0, 1, search, grams "
            "FROM ticket, generate_series(1, 4100) AS g WHERE id = :common"
        ),
        {"common": common.id},
    )
    dispatcher = Caller(client, ground.dispatcher)
    assert [each["id"] for each in dispatcher.get("/tickets", q="鹦鹉").json["items"]] == [str(rare.id)]
    assert [each["id"] for each in dispatcher.get("/tickets", q="灯不亮", status="accepted").json["items"]] == [
        str(common.id)
    ]
    assert dispatcher.get("/tickets", q="鹦鹉", status="closed").json["items"] == []
    first = dispatcher.get("/tickets", q="走廊", limit=2).json
    second = dispatcher.get("/tickets", q="走廊", limit=2, cursor=first["next"]).json
    assert len({each["id"] for each in first["items"] + second["items"]}) == 4
    other = accounts.person("dispatcher", scope_kind="campus", scope_id=factory.place("campus", "北校区").id)
    assert Caller(client, other).get("/tickets", q="鹦鹉").json["items"] == []


def test_compiled_dumps_equal_the_schemas(ground: factory.Ground, client: FlaskClient) -> None:
    ground.technician()
    filed = ground.file()
    ground.file(place_text="后山")
    deliver()
    staff = accounts.actor(ground.dispatcher)
    with client.application.test_request_context("/api/v1/"):
        rows = tickets.page(staff, tickets.TicketFilter()).items
        assert answering.dump_tickets(rows) == ticket_schemas.TicketOut().dump(rows, many=True)
        order_rows = orders.page(staff, orders.OrderFilter()).items
        assert answering.dump_orders(order_rows) == order_schemas.OrderOut().dump(order_rows, many=True)
        events = timeline.page(staff, tickets.one(staff, filed.id)).items
        assert api._events(events) == event_schemas.EventOut().dump(events, many=True)
