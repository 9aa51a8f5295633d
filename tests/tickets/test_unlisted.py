"""Scenario 11: a place that does not exist is accepted with a suggestion, never mapped silently, once by staff."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_babel import lazy_gettext as _l
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, NotAllowed, Rejected
from app.notifications.models import Notification
from app.sites.models import PlaceAlias
from app.sites.rules import aliases
from app.sites.rules.tree import fold
from app.tickets.models import Ticket, WorkOrder
from app.tickets.queries import unlisted as queries
from app.tickets.services import acts, reclassifying, unlisted
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all

Login = Callable[..., FlaskClient]


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    made = factory.Ground()
    seven = factory.place("building", "桃园7号楼", made.campus)
    made.near = near = factory.place("room", "909", seven)
    near.search = fold(near.path)
    return made


def test_a_room_that_does_not_exist(
    client: FlaskClient, ground: factory.Ground, login: Login, database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    student, other = Caller(client, ground.student), Caller(client, accounts.person("student"))
    first = student.file(ground, place_id=None, place_text="桃园7号楼 999")
    assert (first.status_code, first.json["status"]) == (201, "submitted")
    shown = student.get(f"/tickets/{first.json['id']}").json
    assert (shown["place_id"], shown["place"]) == (None, "桃园7号楼 999")  # never silently mapped
    desk = login(ground.dispatcher)
    page = desk.get("/tickets/unlisted").get_data(as_text=True)
    assert "桃园7号楼 999" in page
    near = ground.near
    assert f'value="{near.id}"' in page  # the nearest suggestion
    assert desk.post("/tickets/unlisted", data={"text": "桃园7号楼 999"}).status_code == 422
    assert desk.post("/tickets/unlisted", data={"text": "桃园7号楼 999", "place_id": "99999"}).status_code == 422
    said = desk.post("/tickets/unlisted", data={"text": "桃园7号楼 999", "place_id": str(near.id)})
    assert said.status_code == 303
    page = desk.get("/tickets/unlisted").text  # the job that moves them comes later
    assert f"These words mean {near.path}." in page
    deliver_all(clock.now())
    database.expire_all()
    ticket = database.get_one(Ticket, (1, int(first.json["id"])))
    assert (ticket.place_id, ticket.place_text, ticket.status) == (near.id, "桃园7号楼 999", "accepted")
    assert database.scalars(select(WorkOrder.building_id)).one() == near.building_id
    # later reports with the same text match the mapping, whatever blanks and width they have
    later = other.file(ground, place_id=None, place_text="桃园７号楼，999")
    assert later.json["status"] == "accepted"
    again = other.get(f"/tickets/{later.json['id']}").json
    assert again["place_id"] == str(near.id)
    assert "Every open request" in desk.get("/tickets/unlisted").get_data(as_text=True)
    # a mapped place that was closed maps nothing any more
    near.valid_to = date(2026, 11, 1)
    database.flush()
    gone = other.file(ground, place_id=None, place_text="桃园7号楼 999")
    assert (gone.json["status"], other.get(f"/tickets/{gone.json['id']}").json["place_id"]) == ("submitted", None)
    assert "These words mean" not in desk.get("/tickets/unlisted").text, "of a place that is gone nothing is said"


def test_one_request_leads_to_its_wording_and_to_all_places(ground: factory.Ground, login: Login) -> None:
    """From the request whose place is only words: its wording alone, with the picker; the page without script too."""
    filed, other = ground.file(place_text="桃园7号楼 999"), ground.file(place_text="操场 看台")
    desk = login(accounts.person("dispatcher", locale="en"))
    address = f"/tickets/unlisted?ticket={other.id}"
    assert f'href="{address}"' in desk.get(f"/tickets/{other.id}").get_data(as_text=True)
    page = desk.get(address).get_data(as_text=True)
    assert "操场 看台" in page
    assert "桃园7号楼 999" not in page
    assert "Walk through all places" in page
    chosen = f'name="place_id" value="{ground.room.id}" checked'
    assert chosen not in page
    assert chosen in desk.get(f"{address}&place_id={ground.room.id}").get_data(as_text=True)
    near = f"/tickets/unlisted?ticket={filed.id}&place_id={ground.near.id}"
    assert desk.get(near).get_data(as_text=True).count(" checked") == 1, "the nearest is ticked where it stands"
    nothing = desk.post("/tickets/unlisted", data={"text": "操场 看台", "ticket": str(other.id)})
    assert nothing.status_code == 422
    said = nothing.get_data(as_text=True)
    assert "Choose a place." in said
    assert "桃园7号楼 999" not in said
    sent = {"text": "操场 看台", "ticket": str(other.id), "place_id": str(ground.room.id)}
    assert desk.post("/tickets/unlisted", data=sent).status_code == 303
    deliver_all(clock.now())
    assert "桃园7号楼 999" in desk.get(address).get_data(as_text=True), "named meanwhile: the others are shown"


def test_saying_it_again_replaces_it(ground: factory.Ground, now: datetime, database: Session) -> None:
    desk = factory.actor(ground.dispatcher)
    for place in (ground.room, ground.near):
        unlisted.name_for_all(actor=desk, now=now, text="老地方", place_id=place.id)
    assert database.scalars(select(PlaceAlias.place_id)).all() == [ground.near.id]
    for text, place_id in (("！？", ground.room.id), ("老地方", 10**9)):
        with pytest.raises(Rejected):
            unlisted.name_for_all(actor=desk, now=now, text=text, place_id=place_id)
    with pytest.raises(NotAllowed):
        unlisted.name_for_all(actor=factory.actor(ground.student), now=now, text="老地方", place_id=ground.room.id)


def test_the_page_costs_a_constant_number_of_statements(
    client: FlaskClient, ground: factory.Ground, login: Login
) -> None:
    desk = login(ground.dispatcher)
    ground.file(place_text="7号楼 1")
    desk.get("/tickets/unlisted")
    with counted() as few:
        desk.get("/tickets/unlisted")
    for number in range(8):
        ground.file(place_text=f"7号楼 {number}00")
    with counted() as many:
        desk.get("/tickets/unlisted")
    assert len(few) == len(many)


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_key_forgets_what_does_not_matter(one: str, other: str) -> None:
    assert aliases.key(aliases.key(one)) == aliases.key(one)
    assert aliases.key(f" {one} ") == aliases.key(one)
    assert aliases.key(one.upper()) == aliases.key(fold(one.upper()))
    assert aliases.nearness(one, other) <= 1
    if aliases.pieces(one):
        assert aliases.nearness(one, one) == 1


def test_numbers_stay_whole() -> None:
    assert aliases.pieces("7号楼 999") == ("7", "7号", "号楼", "999")
    near: Any = aliases.nearness
    assert near("桃园3号楼", "南校区 · 桃园 · 桃园 3 号楼") > near("桃园3号楼", "南校区 · 桃园 · 桃园 1 号楼 · 3 层")
    assert near("7号楼 999", "南校区 · 7号楼 · 9层 · 909") > near("7号楼 999", "南校区 · 17号楼 · 999")


def test_the_reporter_is_shown_the_nearest_and_chooses_himself(
    client: FlaskClient, ground: factory.Ground, login: Login, database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    near = ground.near
    login(ground.student)
    typed = {"place_text": "桃园7号楼 999", "group": str(ground.category.id), "description": "漏水"}
    part = client.post("/report/similar", data=typed, headers={"HX-Request": "true"}).text
    assert f'name="meant" value="{near.id}"' in part
    assert "No, it is “桃园7号楼 999”" in part
    assert near.path in client.post("/report/similar", data=typed).text  # without a script
    kept = client.post("/report/similar", data={**typed, "meant": str(near.id)}, headers={"HX-Request": "true"}).text
    assert f'value="{near.id}" checked' in kept
    assert client.post("/report", data={**typed, "meant": ""}).status_code == 303
    assert client.post("/report", data={**typed, "meant": str(near.id)}).status_code == 303
    by_words, chosen = database.scalars(select(Ticket).order_by(Ticket.id)).all()
    assert (by_words.place_id, by_words.place_text) == (None, "桃园7号楼 999")  # never silently mapped
    assert (chosen.place_id, chosen.place_text) == (near.id, None)
    assert client.post("/report", data={**typed, "meant": "99999"}).status_code == 422
    # named once by staff, the words need no suggestion any more
    unlisted.name_for_all(
        actor=factory.actor(ground.dispatcher), now=clock.now(), text="桃园7号楼 999", place_id=near.id
    )
    assert "meant" not in client.post("/report/similar", data=typed, headers={"HX-Request": "true"}).text


def test_the_same_words_for_a_place_are_hinted_at(client: FlaskClient, ground: factory.Ground) -> None:
    """Duplicates of a place that is only words: the same words, whatever their blanks and width."""
    first, other = Caller(client, ground.student), Caller(client, accounts.person("student"))
    filed = first.file(ground, place_id=None, place_text="操场 看台", description="水龙头漏水")
    asked = {"category": "tap", "description": "水龙头漏水了"}
    (hint,) = other.get("/tickets/similar", place_text="操场看台。", **asked).json["items"]
    assert (hint["id"], hint["place"], hint["mine"]) == (filed.json["id"], "操场看台。", False)
    assert other.get("/tickets/similar", place_text="操场", **asked).json["items"] == []
    assert other.get("/tickets/similar", place_text="！？", **asked).json["items"] == []
    assert other.get("/tickets/similar", **asked).status_code == 422


def test_the_desk_reaches_the_page_from_its_navigation_with_a_count(
    client: FlaskClient, ground: factory.Ground, login: Login
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    for number in range(3):
        ground.file(place_text=f"7号楼 {number}00")
    page = login(ground.dispatcher).get("/dispatch/").get_data(as_text=True)
    entry = page[page.index('href="/tickets/unlisted"') :][:600]
    assert "Unlisted places" in entry
    assert ">3<" in entry
    campus = accounts.person("dispatcher", scope_kind="campus", scope_id=ground.campus.id)
    assert 'href="/tickets/unlisted"' not in login(campus).get("/dispatch/").get_data(as_text=True)


def test_open_requests_are_moved_step_by_step_and_not_in_the_request(
    ground: factory.Ground, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in a transaction of its own, so that nobody who files waits for all of them; killed, it goes on."""
    monkeypatch.setattr(queries, "AT_MOST", 2)
    filed = [ground.file(place_text=words).id for words in ("老水房", "别处", "老 水房", "老水房", "老水房。")]
    desk = factory.actor(ground.dispatcher)
    assert unlisted.name_for_all(actor=desk, now=clock.now(), text="老水房", place_id=ground.room.id) == 1  # of the two

    def places() -> list[int | None]:
        database.expire_all()
        return list(database.scalars(select(Ticket.place_id).where(Ticket.id.in_(filed)).order_by(Ticket.id)))

    assert places() == [None] * 5
    alias_id = database.scalars(select(PlaceAlias.id)).one()
    taken: list[int] = []

    def killed_at_the_second() -> None:
        taken.append(1)
        if len(taken) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unlisted.move_there(alias_id, killed_at_the_second, actor=desk)
    broken = database.get_one(Ticket, (1, filed[3]))
    acts.withdraw(actor=factory.actor(ground.student), now=clock.now(), ticket_id=broken.id, seen=None)
    unlisted.move_there(alias_id, lambda: None, actor=desk)
    assert places() == [ground.room.id, None, ground.room.id, None, ground.room.id]


def test_words_that_mean_nothing_any_more_move_nothing(ground: factory.Ground, database: Session) -> None:
    """They were taken back while the job was at it: what is not moved yet stays, and nobody is told of a failure."""
    filed = [ground.file(place_text="老水房").id for _each in range(2)]
    desk = factory.actor(ground.dispatcher)
    unlisted.name_for_all(actor=desk, now=clock.now(), text="老水房", place_id=ground.room.id)
    alias_id = database.scalars(select(PlaceAlias.id)).one()
    assert unlisted.move_there(alias_id, lambda: database.execute(delete(PlaceAlias)), actor=desk) == {}
    database.expire_all()
    found = select(Ticket.place_id).where(Ticket.id.in_(filed)).order_by(Ticket.id)
    assert database.scalars(found).all() == [ground.room.id, None]


def test_the_words_mean_the_place_even_where_whoever_said_so_has_left(
    ground: factory.Ground, database: Session
) -> None:
    filed = ground.file(place_text="老水房")
    unlisted.name_for_all(
        actor=factory.actor(ground.dispatcher), now=clock.now(), text="老水房", place_id=ground.room.id
    )
    ground.dispatcher.disabled_at = clock.now()
    database.flush()
    deliver_all(clock.now())
    database.expire_all()
    assert database.get_one(Ticket, (1, filed.id)).place_id == ground.room.id


def test_who_named_a_place_hears_which_requests_stayed(
    ground: factory.Ground, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In both languages and once; what could be moved is moved all the same."""
    stays, moves = ground.file(place_text="老水房"), ground.file(place_text="老水房")
    apply = reclassifying.apply

    def refusing(case: Any, wish: Any, reason: str) -> Any:
        if case.ticket.id == stays.id:
            raise Conflict(_l("Only an open request can be corrected."))
        return apply(case, wish, reason)

    monkeypatch.setattr(reclassifying, "apply", refusing)
    desk = ground.dispatcher
    unlisted.name_for_all(actor=factory.actor(desk), now=clock.now(), text="老水房", place_id=ground.room.id)
    deliver_all(clock.now())
    deliver_all(clock.now())
    database.expire_all()
    assert database.get_one(Ticket, (1, moves.id)).place_id == ground.room.id
    (told,) = database.scalars(select(Notification).where(Notification.kind == "place-not-moved")).all()
    assert (told.person_id, told.link) == (desk.id, "/tickets/unlisted")
    assert (told.data["numbers"], told.data["words"]) == (stays.number, "老水房")
    assert set(told.data["why"]) == {"zh-CN", "en"}


def test_nobody_hears_of_requests_that_moved(ground: factory.Ground, database: Session) -> None:
    ground.file(place_text="老水房")
    desk = factory.actor(ground.dispatcher)
    unlisted.name_for_all(actor=desk, now=clock.now(), text="老水房", place_id=ground.room.id)
    deliver_all(clock.now())
    assert database.scalars(select(Notification).where(Notification.kind == "place-not-moved")).all() == []
