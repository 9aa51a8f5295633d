"""The API of tickets and orders as contract.md says it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Rejected
from app.tickets.models import Ticket
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.walking import deliver

TICKET_KEYS = {"id", "number", "status", "priority", "promised_at", "version"}
ORDER_KEYS = {"id", "number", "ticket_id", "trade", "state", "assignee", "offered_until", "due_at", "version"}
EVENT_KEYS = {"at", "actor", "kind", "order_id", "from", "to", "reason", "note"}


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    return factory.Ground()


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


def test_categories_are_a_tree(client: FlaskClient, ground: factory.Ground) -> None:
    group = factory.category("water", None, "水", "Water", position=1)
    factory.category("leak", ground.trade, "漏水", "Leak", parent_id=group.id, emergency=True, emergency_phone="110")
    items = Caller(client, ground.student).get("/categories").json["items"]
    tree = {each["code"]: each for each in items}
    assert tree["water"]["trade"] is None
    (leak,) = tree["water"]["children"]
    assert (leak["name"], leak["trade"], leak["emergency"], leak["questions"]) == ("Leak", "water", True, [])


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


def test_a_version_that_need_not_be_said_is_judged_where_it_is(client: FlaskClient, ground: factory.Ground) -> None:
    dispatcher, student = Caller(client, ground.dispatcher), Caller(client, ground.student)
    filed = student.file(ground).json
    stars = {"quality": 5, "speed": 5, "manner": 5}
    further = {"trade": "water", "reason": "also wet"}
    for caller, path, body in ((student, "rating", stars), (dispatcher, "work-orders", further)):
        stale = caller.post(f"/tickets/{filed['id']}/{path}", body, seen=filed["version"] + 7)
        assert (stale.status_code, stale.json["current"]["version"]) == (412, filed["version"])
    assert dispatcher.post(f"/tickets/{filed['id']}/work-orders", further, seen=filed["version"]).status_code == 201


class TestOnBehalf:
    """A request taken down for somebody else: a right of its own, over the API as on the page."""

    def test_staff_files_for_a_person_and_for_a_contact(
        self, client: FlaskClient, ground: factory.Ground, database: Session
    ) -> None:
        desk = Caller(client, ground.dispatcher)
        for_student = desk.file(ground, reporter_id=str(ground.student.id), urgency="high")
        assert for_student.status_code == 201, for_student.json
        row = database.get_one(Ticket, (1, int(for_student.json["id"])))
        assert (row.reporter_id, row.on_behalf_by, row.origin) == (ground.student.id, ground.dispatcher.id, "api")
        mine = Caller(client, ground.student).get("/tickets", mine=1).json["items"]
        assert [each["id"] for each in mine] == [for_student.json["id"]]
        contact = desk.file(ground, contact_name="门卫老李", contact_phone="8120 1111")
        row = database.get_one(Ticket, (1, int(contact.json["id"])))
        assert (row.contact_name, row.contact_phone) == ("门卫老李", "8120 1111")

    def test_nobody_else_may_and_nobody_unknown_is_named(self, client: FlaskClient, ground: factory.Ground) -> None:
        student = Caller(client, ground.student)
        assert student.file(ground, reporter_id=str(ground.dispatcher.id)).status_code == 403
        assert student.file(ground, contact_name="别人").status_code == 403
        assert student.file(ground, contact_phone="1").status_code == 403
        assert student.file(ground, reporter_id=str(ground.student.id)).status_code == 201, "himself is no other"
        unknown = Caller(client, ground.dispatcher).file(ground, reporter_id="999999999")
        assert (unknown.status_code, unknown.json["errors"][0]["field"]) == (422, "reporter_id")

    @pytest.mark.parametrize(("language", "words"), [("en", "This person does not exist."), ("zh-CN", "没有此人。")])
    def test_a_person_is_named_by_whom_the_page_would_find_him(
        self, client: FlaskClient, ground: factory.Ground, language: str, words: str
    ) -> None:
        outside = accounts.person("student")
        accounts.home(ground.student, ground.room.id)
        keeper = accounts.person("dormmanager", scope_kind="building", scope_id=ground.building.id)
        caller = Caller(client, keeper)
        caller.headers["Accept-Language"] = language
        refused = caller.file(ground, reporter_id=str(outside.id))
        assert (refused.status_code, refused.json["errors"]) == (422, [{"field": "reporter_id", "message": words}])
        assert caller.file(ground, reporter_id=str(ground.student.id)).status_code == 201
        assert caller.file(ground, reporter_id=str(keeper.id)).status_code == 201, "himself is no other"

    def test_a_token_for_less_names_nobody(self, client: FlaskClient, ground: factory.Ground) -> None:
        desk = Caller(client, ground.dispatcher)
        desk.headers |= accounts.token(ground.dispatcher, scopes=["tickets.file", "tickets.on_behalf"])
        refused = desk.file(ground, reporter_id=str(ground.student.id))
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "reporter_id")
        assert desk.file(ground, contact_name="门卫老李").status_code == 201
        desk.headers |= accounts.token(ground.dispatcher, scopes=["tickets.file", "people.lookup"])
        for given in ({"reporter_id": str(ground.student.id)}, {"contact_name": "门卫老李"}):
            refused = desk.file(ground, **given)
            assert refused.status_code == 403
            assert "token" in refused.json["detail"]

    def test_whoever_was_merged_away_or_taken_back_is_nobody(
        self, client: FlaskClient, ground: factory.Ground, database: Session
    ) -> None:
        merged, removed = accounts.person("student"), accounts.person("student")
        merged.merged_into_id, removed.name = ground.student.id, ""
        database.flush()
        desk = Caller(client, ground.dispatcher)
        for gone in (merged, removed):
            refused = desk.file(ground, reporter_id=str(gone.id))
            assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "reporter_id")
            with pytest.raises(Rejected) as by_service:
                ground.file(by=ground.dispatcher, reporter_id=gone.id)
            assert list(by_service.value.fields) == ["reporter_id"]
            kept = ground.file(by=ground.dispatcher, reporter_id=gone.id, reporter_may_have_left=True)
            assert database.get_one(Ticket, (1, kept.id)).reporter_id == gone.id, "what he once reported goes on"


def test_a_ticket_names_the_requests_it_hangs_together_with(client: FlaskClient, ground: factory.Ground) -> None:
    student, desk = Caller(client, ground.student), Caller(client, ground.dispatcher)
    first, second = student.file(ground).json, student.file(ground).json
    assert desk.post(f"/tickets/{second['id']}/merge", {"into": first["id"]}, seen=1).status_code == 200
    shown = student.get(f"/tickets/{second['id']}").json
    assert (shown["status"], shown["duplicate_of"], shown["split_from"]) == ("duplicate", first["id"], None)
    lamp = {"category": ground.category.code, "description": "还有一处"}
    part = desk.post(f"/tickets/{first['id']}/split", lamp, seen=student.get(f"/tickets/{first['id']}").json["version"])
    assert part.status_code == 201, part.json
    shown = desk.get(f"/tickets/{part.json['id']}").json
    assert (shown["split_from"], shown["duplicate_of"], shown["recurs_of"]) == (first["id"], None, None)


def test_a_place_is_named_in_one_way(client: FlaskClient, ground: factory.Ground) -> None:
    caller = Caller(client, ground.student)
    assert caller.file(ground, place_text="").status_code == 201
    refused = caller.file(ground, place_text="behind the gym")
    assert refused.status_code == 422
    assert refused.json["errors"] == [{"field": "place_text", "message": "Give the place or words for it, not both."}]
