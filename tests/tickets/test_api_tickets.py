"""The API of tickets and orders as contract.md says it."""

from __future__ import annotations

import io
import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.tickets import schemas
from app.tickets.api import answering
from app.tickets.api import tickets as api
from app.tickets.models import TicketEvent
from app.tickets.queries import orders, tickets, timeline
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.walking import deliver

_keys = itertools.count(1)
TICKET_KEYS = {"id", "number", "status", "priority", "promised_at", "version"}
ORDER_KEYS = {"id", "number", "ticket_id", "trade", "state", "assignee", "offered_until", "due_at", "version"}
EVENT_KEYS = {"at", "actor", "kind", "order_id", "from", "to", "reason", "note"}


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    return factory.Ground()


class Caller:
    """A person's program: bearer token, JSON."""

    def __init__(self, client: FlaskClient, person: Person) -> None:
        self.client, self.person = client, person
        self.headers = {**accounts.token(person), "Accept-Language": "en"}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers, query_string=query)

    def post(self, path: str, body: Any = None, *, seen: int | str | None = None, key: str | None = None) -> Any:
        headers = dict(self.headers)
        if seen is not None:
            headers["If-Match"] = seen if isinstance(seen, str) else f'"v{seen}"'
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.post(f"/api/v1{path}", headers=headers, json={} if body is None else body)

    def file(self, ground: factory.Ground, **more: Any) -> Any:
        body = {"place_id": str(ground.room.id), "category": "tap", "description": "水龙头漏水", **more}
        return self.post("/tickets", body, key=f"key-{next(_keys)}")


def test_the_whole_way_over_the_api(client: FlaskClient, ground: factory.Ground) -> None:
    technician = ground.technician()
    student, worker = Caller(client, ground.student), Caller(client, technician)
    answer = student.file(ground)
    assert answer.status_code == 201, answer.json
    assert set(answer.json) == TICKET_KEYS
    assert answer.headers["ETag"] == '"v1"'
    ticket_id = answer.json["id"]
    assert isinstance(ticket_id, str)
    deliver()
    mine = worker.get("/work-orders", mine=1).json
    assert mine["next"] is None
    (order,) = mine["items"]
    assert set(order) >= ORDER_KEYS
    assert order["assignee"] == {"id": str(technician.id), "name": technician.name}
    assert order["state"] == "offered"
    assert order["ticket_id"] == ticket_id
    path = f"/work-orders/{order['id']}/transitions"
    assert worker.post(path, {"to": "accepted"}).status_code == 428
    accepted = worker.post(path, {"to": "accepted"}, seen=order["version"])
    assert (accepted.status_code, accepted.json["state"]) == (200, "accepted")
    stale = worker.post(path, {"to": "working"}, seen=order["version"])
    assert stale.status_code == 412
    assert stale.json["current"] == {
        "state": "accepted", "assignee": order["assignee"], "version": accepted.json["version"],
    }  # fmt: skip
    working = worker.post(path, {"to": "working"}, seen=accepted.json["version"])
    assert working.status_code == 200
    missing = worker.post(path, {"to": "done"}, seen=working.json["version"])
    assert missing.status_code == 422
    assert [each["field"] for each in missing.json["errors"]] == ["note"]
    done = worker.post(path, {"to": "done", "note": "换了垫圈"}, seen=working.json["version"])
    assert done.json["state"] == "done"
    shown = student.get(f"/tickets/{ticket_id}")
    assert shown.json["status"] == "resolved"
    assert shown.headers["ETag"] == f'"v{shown.json["version"]}"'
    closed = student.post(f"/tickets/{ticket_id}/confirm", seen=shown.json["version"])
    assert (closed.status_code, closed.json["status"]) == (200, "closed")
    rated = student.post(f"/tickets/{ticket_id}/rating", {"quality": 5, "speed": 4, "manner": 5, "comment": "好"})
    assert (rated.status_code, rated.json["quality"]) == (200, 5)


def test_events_are_those_meant_for_the_reader(client: FlaskClient, ground: factory.Ground) -> None:
    first, second = ground.technician(), ground.technician()
    filed = ground.file()
    deliver()
    dispatcher = Caller(client, ground.dispatcher)
    (order,) = dispatcher.get("/work-orders", ticket=filed.id).json["items"]
    holder = first if order["assignee"]["id"] == str(first.id) else second
    worker = Caller(client, holder)
    worker.post(f"/work-orders/{order['id']}/transitions", {"to": "declined", "reason": "busy"}, seen=order["version"])
    student = Caller(client, ground.student).get(f"/tickets/{filed.id}/events").json["items"]
    assert [each["kind"] for each in student] == ["file", "accept", "promise"]
    assert all(set(each) >= EVENT_KEYS for each in student)
    assert student[0]["actor"]["name"] == ground.student.name
    assert student[1]["actor"] == {"kind": "system", "id": None, "name": None}
    crew = [each["kind"] for each in worker.get(f"/tickets/{filed.id}/events").json["items"]]
    assert "offer" in crew
    assert "decline" not in crew
    staff = dispatcher.get(f"/tickets/{filed.id}/events").json["items"]
    declined = next(each for each in staff if each["kind"] == "decline")
    assert (declined["from"], declined["to"], declined["reason"]) == ("offered", "queued", "busy")
    page = dispatcher.get(f"/tickets/{filed.id}/events", limit=2).json
    assert [each["kind"] for each in page["items"]] == ["file", "accept"]
    following = dispatcher.get(f"/tickets/{filed.id}/events", limit=2, cursor=page["next"]).json
    assert [each["kind"] for each in following["items"]] == ["open", "queue"]


def test_filing_demands_a_key_and_repeats_give_the_same_answer(client: FlaskClient, ground: factory.Ground) -> None:
    student = Caller(client, ground.student)
    body = {"place_id": str(ground.room.id), "category": "tap", "description": "漏水"}
    assert student.post("/tickets", body).status_code == 428
    first = student.post("/tickets", body, key="k1")
    again = student.post("/tickets", body, key="k1")
    assert (again.status_code, again.json) == (201, first.json)
    assert student.post("/tickets", {**body, "description": "别的"}, key="k1").status_code == 422
    assert len(student.get("/tickets", mine=1).json["items"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"category": "none"}, "category"),
        ({"place_id": None}, "place_id"),
        ({"place_id": "999999999999"}, "place_id"),
        ({"place_id": "²"}, "place_id"),
        ({"description": "  "}, "description"),
        ({"urgency": "now"}, "urgency"),
        ({"surprise": 1}, "surprise"),
        ({"may_enter": "maybe"}, "may_enter"),
        ({"description": "a\x00b"}, "description"),
        ({"answers": {"a": 1}}, "answers.a"),
    ],
)
def test_what_cannot_be_filed_is_named(
    client: FlaskClient, ground: factory.Ground, body: dict[str, Any], field: str
) -> None:
    answer = Caller(client, ground.student).file(ground, **body)
    assert answer.status_code == 422, answer.json
    assert answer.mimetype == "application/problem+json"
    assert field in [each["field"] for each in answer.json["errors"]]


@pytest.mark.parametrize("wrong", ["0", "-1", "99999999999999999999", "１", "abc", "1.5", "%00"])
@pytest.mark.parametrize("path", ["/tickets/{}", "/tickets/{}/events", "/work-orders/{}"])
def test_ids_that_are_none_are_not_found(client: FlaskClient, ground: factory.Ground, wrong: str, path: str) -> None:
    answer = Caller(client, ground.dispatcher).get(path.format(wrong))
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


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


def test_not_fixed_in_time_and_too_late(client: FlaskClient, ground: factory.Ground) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    worker, student = Caller(client, technician), Caller(client, ground.student)
    for step, more in (("accepted", {}), ("working", {}), ("done", {"note": "好"})):
        order = worker.get(f"/work-orders/{filed.order_id}").json
        worker.post(f"/work-orders/{order['id']}/transitions", {"to": step, **more}, seen=order["version"])
    version = student.get(f"/tickets/{filed.id}").json["version"]
    with clock.frozen(clock.now() + timedelta(days=31)):
        caller = Caller(client, ground.student)
        late = caller.post(f"/tickets/{filed.id}/not-fixed", {"note": "又漏了"}, seen=version)
        assert late.status_code == 409
        assert "new request" in late.json["detail"]
    again = student.post(f"/tickets/{filed.id}/not-fixed", {"note": "又漏了"}, seen=version)
    assert (again.status_code, again.json["status"], again.json["cycle"]) == (200, "in_service", 2)
    orders_now = Caller(client, ground.dispatcher).get("/work-orders", ticket=filed.id).json["items"]
    assert [(each["kind"], each["state"], each["rework_of_id"]) for each in orders_now] == [
        ("rework", "planned", str(filed.order_id)),
        ("corrective", "closed", None),
    ]


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
    assert kinds == ["photo"] * 4
    version = Caller(client, ground.student).get(f"/tickets/{filed.id}").json["version"]
    assert version == 1


def test_categories_are_a_tree(client: FlaskClient, ground: factory.Ground) -> None:
    group = factory.category("water", None, "水", "Water", position=1)
    factory.category("leak", ground.trade, "漏水", "Leak", parent_id=group.id, emergency=True, emergency_phone="110")
    items = Caller(client, ground.student).get("/categories").json["items"]
    tree = {each["code"]: each for each in items}
    assert tree["water"]["trade"] is None
    (leak,) = tree["water"]["children"]
    assert (leak["name"], leak["trade"], leak["emergency"], leak["questions"]) == ("Leak", "water", True, [])


def test_compiled_dumps_equal_the_schemas(ground: factory.Ground, client: FlaskClient) -> None:
    ground.technician()
    filed = ground.file()
    ground.file(place_text="后山")
    deliver()
    staff = accounts.actor(ground.dispatcher)
    with client.application.test_request_context("/api/v1/"):
        rows = tickets.page(staff, tickets.TicketFilter()).items
        assert answering.dump_tickets(rows) == schemas.TicketOut().dump(rows, many=True)
        order_rows = orders.page(staff, orders.OrderFilter()).items
        assert answering.dump_orders(order_rows) == schemas.OrderOut().dump(order_rows, many=True)
        events = timeline.page(staff, tickets.one(staff, filed.id)).items
        assert api._events(events) == schemas.EventOut().dump(events, many=True)


@pytest.mark.parametrize(
    "path", ["/tickets/{t}/withdraw", "/tickets/{t}/confirm", "/tickets/{t}/not-fixed", "/tickets/{t}/transitions"]
)
def test_what_changes_demands_the_version_seen(client: FlaskClient, ground: factory.Ground, path: str) -> None:
    filed = ground.file()
    caller = Caller(client, ground.dispatcher)
    body = {"act": "ask", "note": "?"} if path.endswith("transitions") else {}
    assert caller.post(path.format(t=filed.id), body).status_code == 428
    nonsense = caller.post(path.format(t=filed.id), body, seen='"nonsense"')
    assert nonsense.status_code == 412
    assert nonsense.json["current"] == {"state": "accepted", "assignee": None, "version": filed.version}


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


def test_a_version_that_need_not_be_said_is_judged_where_it_is(client: FlaskClient, ground: factory.Ground) -> None:
    dispatcher, student = Caller(client, ground.dispatcher), Caller(client, ground.student)
    filed = student.file(ground).json
    stars = {"quality": 5, "speed": 5, "manner": 5}
    further = {"trade": "water", "reason": "also wet"}
    for caller, path, body in ((student, "rating", stars), (dispatcher, "work-orders", further)):
        stale = caller.post(f"/tickets/{filed['id']}/{path}", body, seen=filed["version"] + 7)
        assert (stale.status_code, stale.json["current"]["version"]) == (412, filed["version"])
    assert dispatcher.post(f"/tickets/{filed['id']}/work-orders", further, seen=filed["version"]).status_code == 201
