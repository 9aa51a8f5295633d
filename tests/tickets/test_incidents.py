"""One fault with many reporters: hint, joining, the reduced ticket (N8), scenario 13."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core import clock
from app.notifications.models import Notification
from app.tickets.models import Ticket, TicketEvent, TicketFollower, WorkOrder
from app.tickets.queries import followed, tickets, timeline
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all

Login = Callable[..., FlaskClient]


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    made = factory.Ground()
    made.burst = factory.category(
        "burst", made.trade, "爆管", "Burst pipe", emergency=True, emergency_phone="8120 0000"
    )
    return made


def body(ground: factory.Ground, **more: Any) -> dict[str, Any]:
    return {"place_id": str(ground.room.id), "category": "tap", "description": "水龙头漏水，滴个不停", **more}


def similar(caller: Caller, ground: factory.Ground | dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    answer = caller.get("/tickets/similar", **(ground if isinstance(ground, dict) else body(ground, **more)))
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def roommate(ground: factory.Ground) -> Person:
    """Somebody who lives in the room the tickets are about."""
    made = accounts.person("student")
    accounts.home(made, ground.room.id)
    return made


# scenario 13


def test_forty_reports_of_a_burst_pipe_are_one_order(
    client: FlaskClient, ground: factory.Ground, database: Session, now: datetime
) -> None:
    technician = ground.technician()
    first = Caller(client, ground.student)
    words = {"category": "burst", "place_id": str(ground.building.id), "description": "一楼爆管，走廊全是水"}
    incident = first.file(ground, **words).json
    crowd = [Caller(client, accounts.person("student")) for _ in range(39)]
    for at, student in enumerate(crowd):
        asked = {"category": "burst", "place_id": str(ground.room.id), "description": "爆管了，水流到走廊"}
        if at == 0:  # the others see the same
            (hint,) = similar(student, ground, **asked)
            assert hint["id"] == incident["id"]
            assert set(hint) == {"id", "category", "category_name", "place", "status", "filed_at", "mine"}
        joined = student.post(f"/tickets/{incident['id']}/join")
        assert joined.status_code == 200, joined.json
    assert database.scalar(select(func.count()).select_from(Ticket)) == 1
    assert database.scalar(select(func.count()).select_from(WorkOrder)) == 1
    deliver_all(clock.now())
    worker = Caller(client, technician)
    (order,) = worker.get("/work-orders", mine=1).json["items"]
    for to, more in (("accepted", {}), ("working", {}), ("done", {"note": "关阀换管"})):
        order = worker.post(f"/work-orders/{order['id']}/transitions", {"to": to, **more}, seen=order["version"]).json
    deliver_all(clock.now())
    told = set(
        database.scalars(
            select(Notification.person_id).where(Notification.kind.in_(["followed-status", "ticket-resolved"]))
        )
    )
    assert {each.person.id for each in crowd} <= told
    assert ground.student.id in told
    assert first.get(f"/tickets/{incident['id']}").json["status"] == "resolved"
    assert crowd[7].get("/tickets", mine=1).json["items"][0]["status"] == "resolved"


# the reduced ticket


def test_a_hint_shows_no_more_than_it_may(client: FlaskClient, ground: factory.Ground, now: datetime) -> None:
    ground.file(description="水龙头漏水，找李小明 13800000000")
    neighbour = Caller(client, accounts.person("student"))
    (hint,) = similar(neighbour, ground)
    assert hint["place"] == "南校区 · 桃园3栋 · 4层"  # no finer than the floor
    assert "13800000000" not in str(hint)
    assert "李小明" not in str(hint)
    assert hint["mine"] is False
    assert similar(neighbour, ground, description="门锁打不开") == []
    assert similar(neighbour, ground, category="burst") == []
    elsewhere = factory.place("room", "413", ground.floor)
    assert similar(neighbour, ground, place_id=str(elsewhere.id)) == []  # another private room of the floor
    floor = ground.file(place_id=ground.floor.id)
    wash = factory.place("room", "水房", ground.floor)
    wash.public = True
    public = ground.file(place_id=wash.id)
    found = similar(neighbour, ground, place_id=str(elsewhere.id))
    assert {each["id"] for each in found} == {str(floor.id), str(public.id)}
    assert {each["place"] for each in found} == {"南校区 · 桃园3栋 · 4层", "南校区 · 桃园3栋 · 4层 · 水房"}
    (mine,) = [each for each in similar(Caller(client, ground.student), ground) if each["place"].endswith("4层")][:1]
    assert mine["mine"] is True
    for wrong in ({"place_id": "x"}, {"category": ""}, {"else": "1"}, {"description": "\x00"}):
        assert neighbour.get("/tickets/similar", **body(ground, **wrong)).status_code == 422
    assert similar(neighbour, ground, category="nothing") == []
    assert similar(neighbour, ground, place_id="999999999") == []


def test_hints_cost_a_constant_number_of_statements(client: FlaskClient, ground: factory.Ground) -> None:
    student = Caller(client, accounts.person("student"))
    ground.file()
    asked = body(ground)
    similar(student, asked)
    with counted() as few:
        similar(student, asked)
    for _ in range(12):
        ground.file()
    with counted() as many:
        assert len(similar(student, asked)) == 5
    assert len(few) == len(many)


def test_a_follower_gets_the_reduced_ticket_and_404_for_the_rest(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    filed = ground.file(description="水龙头漏水，电话 13800000000", may_enter=True)
    follower = Caller(client, accounts.person("student"))
    path = f"/tickets/{filed.id}"
    assert follower.get(path).status_code == 404
    joined = follower.post(f"{path}/join", {"place_id": str(ground.room.id), "category": "tap"})
    assert joined.status_code == 200
    shown = follower.get(path).json
    full = Caller(client, ground.student).get(path).json
    assert set(shown) == set(full)
    assert (shown["status"], shown["number"], shown["place"]) == ("accepted", filed.number, "南校区 · 桃园3栋 · 4层")
    assert (shown["description"], shown["reporter"], shown["place_id"], shown["may_enter"]) == ("", None, None, False)
    desk = Caller(client, ground.dispatcher)
    events = follower.get(f"{path}/events").json["items"]
    assert [each["kind"] for each in events] == ["file", "accept"]
    assert all(each["actor"]["name"] is None for each in events)
    assert desk.get(f"{path}/events").json["items"][-1]["kind"] == "join"
    for refused in ("confirm", "withdraw", "not-fixed"):
        assert follower.post(f"{path}/{refused}", {"note": "x"}, seen=1).status_code == 404
    assert follower.post(f"{path}/rating", {"quality": 5, "speed": 5, "manner": 5}).status_code == 404
    assert follower.get("/tickets").json["items"] == []
    (listed,) = follower.get("/tickets", mine=1).json["items"]
    assert listed["description"] == ""
    assert follower.get("/tickets", mine=1, q="13800000000").json["items"] == []
    assert follower.post(f"{path}/join").status_code == 200  # again is no second time
    assert database.scalar(select(func.count()).select_from(TicketEvent).where(TicketEvent.kind == "join")) == 1
    own = Caller(client, ground.student).post(f"{path}/join")
    assert (own.status_code, own.json["type"]) == (409, "own-ticket")
    assert follower.post(f"{path}/leave").status_code == 204
    assert follower.get(path).status_code == 404
    assert follower.post(f"{path}/leave").status_code == 404


def test_the_reduced_row_has_the_columns_of_every_other(ground: factory.Ground) -> None:
    ground.file()
    row = followed._rows()
    assert tuple(each.name for each in row.selected_columns) == tickets.NAMES
    events = followed.events(1)
    assert events == [] or tuple(events[0]._fields) == timeline.NAMES


def test_only_what_is_under_way_can_be_joined(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    filed = ground.file()
    Caller(client, ground.student).post(f"/tickets/{filed.id}/withdraw", seen=1)
    student = Caller(client, accounts.person("student"))
    assert student.post(f"/tickets/{filed.id}/join").status_code == 404
    assert student.post("/tickets/999999/join").status_code == 404
    assert student.post("/tickets/x/join").status_code == 404


def test_of_a_duplicate_its_original_is_followed_while_that_is_under_way(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    original, twin = (ground.file(place_id=ground.floor.id, by=accounts.person("student")) for _ in range(2))
    desk, other = Caller(client, ground.dispatcher), accounts.person("student")
    desk.post(f"/tickets/{twin.id}/merge", {"into": str(original.id)})
    assert Caller(client, other).post(f"/tickets/{twin.id}/join").status_code == 200
    follows = select(TicketFollower.ticket_id).where(TicketFollower.person_id == other.id)
    assert database.scalars(follows).all() == [original.id]
    desk.post(f"/tickets/{original.id}/transitions", {"act": "reject", "reason": "not_ours"}, seen="*")
    for ticket_id in (original.id, twin.id):
        assert Caller(client, other).post(f"/tickets/{ticket_id}/join").status_code == 404


def test_joining_and_leaving_honour_if_match(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    filed = ground.file()
    version = database.get_one(Ticket, (1, filed.id)).version
    student = Caller(client, roommate(ground))
    for act, status in (("join", 200), ("leave", 204)):
        assert student.post(f"/tickets/{filed.id}/{act}", seen=version + 1).status_code == 412
        assert student.post(f"/tickets/{filed.id}/{act}", seen=version).status_code == status
    closed = ground.file()
    Caller(client, ground.student).post(f"/tickets/{closed.id}/withdraw", seen=1)
    assert student.post(f"/tickets/{closed.id}/join", seen=9).status_code == 404, "nothing is told of it"


class TestWhomATicketConcerns:
    """N8 and tickets.md 6: a follower may one day be its reporter, so nobody follows what he only guesses."""

    def stranger(self, ground: factory.Ground, *, at_home: bool) -> Person:
        made = accounts.person("student")
        if at_home:
            accounts.home(made, factory.place("room", "101", factory.place("building", "竹园1栋", ground.campus)).id)
        return made

    @pytest.mark.parametrize("at_home", [True, False])
    def test_numbers_tried_one_after_another_lead_nowhere(
        self, client: FlaskClient, ground: factory.Ground, login: Login, database: Session, at_home: bool
    ) -> None:
        filed = ground.file()
        ground.file(place_text="旧水房")
        person = self.stranger(ground, at_home=at_home)
        caller = Caller(client, person)
        for number in range(filed.id, filed.id + 3):
            assert caller.post(f"/tickets/{number}/join").status_code == 404
            assert caller.get(f"/tickets/{number}").status_code == 404
            assert login(person).post(f"/tickets/{number}/join").status_code == 404
        assert database.scalar(select(func.count()).select_from(TicketFollower)) == 0

    def test_who_lives_elsewhere_is_shown_and_follows_what_is_open_to_all(
        self, client: FlaskClient, ground: factory.Ground
    ) -> None:
        inside, floor = ground.file(), ground.file(place_id=ground.floor.id)
        caller = Caller(client, self.stranger(ground, at_home=True))
        assert [each["id"] for each in similar(caller, ground)] == [str(floor.id)]
        about = {"place_id": str(ground.room.id), "category": "tap"}
        assert caller.post(f"/tickets/{inside.id}/join", about).status_code == 404
        assert caller.post(f"/tickets/{floor.id}/join").status_code == 200

    def test_whose_home_is_not_known_follows_what_he_is_shown_where_he_reports(
        self, client: FlaskClient, ground: factory.Ground
    ) -> None:
        filed = ground.file()
        caller = Caller(client, self.stranger(ground, at_home=False))
        assert [each["id"] for each in similar(caller, ground)] == [str(filed.id)]
        join = f"/tickets/{filed.id}/join"
        away = factory.place("room", "101", factory.place("building", "竹园1栋", ground.campus))
        assert caller.post(join, {"place_id": str(away.id), "category": "tap"}).status_code == 404
        assert caller.post(join, {"place_id": str(ground.room.id), "category": "nothing"}).status_code == 404
        assert caller.post(join, {"place_id": str(ground.room.id), "category": "tap"}).status_code == 200
        assert caller.post(join).status_code == 200  # he follows already

    def test_words_for_a_place_are_the_same_words(self, client: FlaskClient, ground: factory.Ground) -> None:
        filed = ground.file(place_text="旧水房")
        caller = Caller(client, self.stranger(ground, at_home=True))
        join = f"/tickets/{filed.id}/join"
        assert caller.post(join, {"place_text": "新水房", "category": "tap"}).status_code == 404
        assert caller.post(join, {"place_text": "旧水房", "category": "tap"}).status_code == 200

    def test_the_desk_follows_what_it_sees(self, client: FlaskClient, ground: factory.Ground) -> None:
        filed = ground.file()
        desk = accounts.person("dispatcher")
        if accounts.actor(desk).can("tickets.own"):
            assert Caller(client, desk).post(f"/tickets/{filed.id}/join").status_code == 200

    def test_what_was_written_to_the_first_reporter_stays_his(
        self, client: FlaskClient, ground: factory.Ground, login: Login
    ) -> None:
        filed = ground.file()
        here = f"/tickets/{filed.id}"
        first, desk = Caller(client, ground.student), Caller(client, ground.dispatcher)
        asked = desk.post(f"{here}/transitions", {"act": "ask", "note": "哪个水龙头？"}, seen="*")
        assert asked.status_code == 200, asked.json
        assert first.post(f"{here}/transitions", {"act": "answer", "note": "我床边的那个"}, seen="*").status_code == 200
        assert desk.post(f"{here}/messages", {"text": "师傅给李同学打电话"}).status_code == 201
        heir = roommate(ground)
        assert Caller(client, heir).post(f"{here}/join").status_code == 200
        assert desk.post(f"{here}/messages", {"text": "今晚停水", "to_followers": True}).status_code == 201
        assert first.post(f"{here}/withdraw", seen="*").status_code == 200
        assert desk.post(f"{here}/messages", {"text": "您好，明天来"}).status_code == 201
        told = Caller(client, heir).get(f"{here}/events").json["items"]
        notes = [each["note"] for each in told if each["note"]]
        assert notes == ["哪个水龙头？", "今晚停水", "您好，明天来"]
        assert "answer" in [each["kind"] for each in told]
        page = login(heir).get(here).get_data(as_text=True)
        assert "您好，明天来" in page
        assert "打电话" not in page
        assert "床边" not in page
        both = [each["note"] for each in desk.get(f"{here}/events").json["items"]]
        assert {"我床边的那个", "师傅给李同学打电话"} <= set(both)


def test_a_similar_open_ticket_never_refuses_another(client: FlaskClient, ground: factory.Ground) -> None:
    student = Caller(client, ground.student)
    assert [student.file(ground).status_code for _ in range(3)] == [201, 201, 201]


# N8


def test_withdrawing_with_followers_hands_it_to_the_first(
    client: FlaskClient, ground: factory.Ground, database: Session, now: datetime
) -> None:
    filed = ground.file(contact_name="李", contact_phone="138", may_enter=True)
    people: list[Person] = [roommate(ground) for _ in range(2)]
    for at, person in enumerate(people):
        with clock.frozen(now + timedelta(minutes=at + 1)):
            Caller(client, person).post(f"/tickets/{filed.id}/join")
    reporter = Caller(client, ground.student)
    left = reporter.post(f"/tickets/{filed.id}/withdraw", seen=1)
    assert (left.status_code, left.json["status"]) == (200, "accepted")
    assert reporter.get(f"/tickets/{filed.id}").status_code == 404
    database.expire_all()
    ticket = database.get_one(Ticket, (1, filed.id))
    assert (ticket.reporter_id, ticket.contact_phone, ticket.may_enter) == (people[0].id, None, False)
    heir = Caller(client, people[0])
    assert heir.get(f"/tickets/{filed.id}").json["reporter"]["id"] == str(people[0].id)
    deliver_all(clock.now())
    assert database.scalar(
        select(func.count()).where(Notification.kind == "ticket-yours", Notification.person_id == people[0].id)
    )
    again = heir.post(f"/tickets/{filed.id}/withdraw", seen=ticket.version)
    assert again.json["status"] == "accepted"
    last = Caller(client, people[1]).post(f"/tickets/{filed.id}/withdraw", seen=again.json["version"])
    assert last.json["status"] == "withdrawn"


def test_a_fault_that_came_again_names_the_first(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    first = ground.file()
    follower = Caller(client, roommate(ground))
    assert follower.post(f"/tickets/{first.id}/join").status_code == 200
    filed = follower.file(ground, recurs_of=str(first.id))
    assert filed.status_code == 201
    assert database.get_one(Ticket, (1, int(filed.json["id"]))).recurs_of_id == first.id
    stranger = Caller(client, accounts.person("student"))
    refused = stranger.file(ground, recurs_of=str(first.id))
    assert [each["field"] for each in refused.json["errors"]] == ["recurs_of"]


# pages


def test_pages_of_hint_join_and_follow(
    client: FlaskClient, ground: factory.Ground, login: Login, database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    filed = ground.file(description="水龙头漏水，电话 13800000000")
    other = accounts.person("student")
    browser = login(other)
    sent = {"group": str(ground.category.id), "place_id": str(ground.room.id), "description": "水龙头漏水"}
    part = browser.post("/report/similar", data=sent, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert f'formaction="/tickets/{filed.id}/join"' in part
    assert "13800000000" not in part
    assert "<html" not in part
    page = browser.post("/report/similar", data=sent).get_data(as_text=True)
    assert "Is it one of these?" in page
    assert f'name="place_id" value="{ground.room.id}"' in page  # the page without a script sends it by itself
    assert "Nothing alike" in browser.post("/report/similar", data={}).get_data(as_text=True)
    for words_said in ("水龙头", "水龙头漏水"):  # the hint is asked with the form's key, and leaves it to the form
        typed = sent | {"idempotency_key": "the-forms-own", "description": words_said}
        assert browser.post("/report/similar", data=typed, headers={"HX-Request": "true"}).status_code == 200
    chosen = sent | {"idempotency_key": "the-forms-own", "urgency": "normal"}
    assert browser.post("/report", data=chosen).status_code == 303
    joined = browser.post(f"/tickets/{filed.id}/join", data=sent)  # the hint stands in the form, which is sent along
    assert joined.location == f"/tickets/{filed.id}"
    shown = browser.get(joined.location).get_data(as_text=True)
    assert "You follow this request of somebody else" in shown
    assert "13800000000" not in shown
    assert filed.number in browser.get("/tickets?mine=1&status=followed").get_data(as_text=True)
    desk = Caller(client, ground.dispatcher)
    told = desk.post(f"/tickets/{filed.id}/messages", {"text": "今晚修好", "to_followers": True})
    assert told.status_code == 201, told.json
    browser = login(other)
    assert "今晚修好" in browser.get(joined.location).get_data(as_text=True)
    assert browser.post(f"/tickets/{filed.id}/leave").status_code == 303
    assert browser.get(joined.location).status_code == 404
    mine = login(ground.student)
    assert mine.post(f"/tickets/{filed.id}/join").status_code == 303  # his own: told so
