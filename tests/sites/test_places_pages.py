"""The pages of places: browsing, changing, choosing, labels."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sites import queries, search
from app.sites.models import Place, PlaceSticker
from app.sites.rules import stickers
from tests.counting import counted
from tests.editing import press, save
from tests.factories import accounts, sites

Login = Callable[..., FlaskClient]


@pytest.fixture
def admin(login: Login) -> FlaskClient:
    return login(accounts.person("admin", locale="en"))


@pytest.fixture
def student(login: Login) -> FlaskClient:
    return login(accounts.person("student", locale="en"))


def test_one_walks_from_the_campus_to_the_room(database: Session, student: FlaskClient) -> None:
    campus = sites.campus("南校区")
    room = sites.room(sites.floor(sites.building(campus)))
    page = student.get("/places").get_data(as_text=True)
    assert "南校区" in page
    assert "桃园3号楼" not in page
    page = student.get(f"/places/{room.id}").get_data(as_text=True)
    assert f'href="/places/{campus.id}"' in page
    for act in ("/edit", "/move", "/labels", "/close"):
        assert f"/places/{room.id}{act}" not in page


def test_a_page_of_places_costs_the_same_for_one_and_for_fifty(database: Session, admin: FlaskClient) -> None:
    floor = sites.floor()
    sites.room(floor)
    for address in ("/places?q=4", f"/places/{floor.id}", "/places/pick?q=4"):
        with counted() as few:
            assert admin.get(address).status_code == 200
        assert len(few) < 10
    address = f"/places/{floor.id}"
    with counted() as few:
        admin.get(address)
    for number in range(60):
        sites.room(floor, f"4{number:02d}")
    with counted() as many:
        admin.get(address)
    assert len(many) == len(few)


def test_the_list_goes_on_by_pages(database: Session, admin: FlaskClient) -> None:
    floor = sites.floor()
    for number in range(55):
        sites.room(floor, f"{number + 1}")
    page = admin.get(f"/places/{floor.id}").get_data(as_text=True)
    names = re.findall(r'class="row__t">(\d+)<', page)
    assert names == [str(number) for number in range(1, 51)], "2 stands before 10"
    following = re.search(r'href="([^"]+cursor=[^"]+)" rel="next"', page)
    assert following is not None
    page = admin.get(following[1].replace("&amp;", "&")).get_data(as_text=True)
    assert re.findall(r'class="row__t">(\d+)<', page) == ["51", "52", "53", "54", "55"]


def test_search_in_pages_and_fragments(database: Session, student: FlaskClient) -> None:
    sites.room(sites.floor(sites.building(name="李园1号楼")), "208")
    whole = student.get("/places?q=ly1+208").get_data(as_text=True)
    assert "<html" in whole
    assert "208" in whole
    part = student.get("/places?q=ly1+208&kind=", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert "<html" not in part.get_data(as_text=True)
    assert "HX-Request-Type" in part.headers["Vary"]
    assert "Nothing found" in student.get("/places?q=zzz").get_data(as_text=True)


@pytest.mark.parametrize(
    "typed", ["李园3号楼408", "李园 3 号楼 408室", "408室", "LY3408", "ly3-408", "李园3号楼4层408", "李园３号楼·408"]
)
def test_blanks_and_hyphens_are_as_people_type_them(database: Session, typed: str) -> None:
    for number in (1, 13, 3):
        building = sites.building(name=f"李园 {number} 号楼", code=f"LY{number}")
        sites.room(sites.floor(building, name="4 层"), "408 室", code=f"LY{number}-408")
    found = search.find(date(2026, 11, 18), q=typed, kinds=["room"]).items
    codes = [row.code for row in found]
    if "(" in typed:
        assert codes == [], "what is typed is never a pattern"
    elif " " in typed:
        assert sorted(codes) == ["LY13-408", "LY3-408"], "a word alone may be a part of a number"
    elif typed != "408室":
        assert codes == ["LY3-408"]
    else:
        assert sorted(codes) == ["LY1-408", "LY13-408", "LY3-408"]


def test_whose_own_name_is_meant_comes_first(database: Session) -> None:
    for number in (1, 3):
        sites.floor(sites.building(name=f"李园 {number} 号楼"), name="3 层")
    for typed in ("李园3", "李园 3", "李园3号楼"):
        assert search.find(date(2026, 11, 18), q=typed).items[0].name == "李园 3 号楼"


@pytest.mark.parametrize("address", ["/places/0", "/places/99999999999999999999", "/places/abc", "/places/1e3"])
def test_an_unknown_place_is_404(database: Session, student: FlaskClient, address: str) -> None:
    assert student.get(address).status_code == 404


def test_a_place_is_added_edited_moved_closed_and_opened(database: Session, admin: FlaskClient) -> None:
    answer = admin.post("/places/new", data={"kind": "campus", "name": "东校区", "code": "EC", "parent_id": ""})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    campus = database.scalars(select(Place).where(Place.code == "EC")).one()
    building = sites.building(campus)
    assert "Add: Floor" in admin.get(f"/places/{building.id}").get_data(as_text=True)
    form = admin.get(f"/places/new?parent={building.id}&kind=floor").get_data(as_text=True)
    assert f'name="parent_id" value="{building.id}"' in form
    refused = admin.post("/places/new", data={"kind": "room", "name": "", "code": "EC", "parent_id": str(building.id)})
    assert refused.status_code == 422
    refused = admin.post(
        "/places/new", data={"kind": "room", "name": "101", "code": "EC", "parent_id": str(building.id)}
    )
    assert refused.status_code == 422
    assert "has this code already" in refused.get_data(as_text=True)
    room = sites.room(building, "101")
    assert save(admin, f"/places/{room.id}/edit", {"name": "102", "code": "EC-102"}).status_code == 302
    assert (room.name, room.code, room.initials) == ("102", "EC-102", "102")
    other = sites.building(campus, "二号楼")
    assert save(admin, f"/places/{room.id}/move", {"parent_id": str(other.id)}).status_code == 302
    assert room.path == "东校区 · 二号楼 · 102"
    assert save(admin, f"/places/{room.id}/move", {"parent_id": "999999"}).status_code == 422
    where, at = f"/places/{room.id}", f"/places/{room.id}/close"
    assert press(admin, f"/places/{campus.id}", f"/places/{campus.id}/close", {"on": "2026-11-18"}).status_code == 409
    assert press(admin, where, at, {"on": "yesterday"}).status_code == 422
    assert press(admin, where, at, {"on": "2020-01-01"}).status_code == 302
    assert "Closed since" in admin.get(f"/places/{room.id}").get_data(as_text=True)
    assert press(admin, where, f"{where}/reopen").status_code == 302
    database.refresh(room)
    assert room.valid_to is None


def test_students_change_nothing(database: Session, student: FlaskClient) -> None:
    room = sites.room()
    for address in ("/places/new", f"/places/{room.id}/edit", f"/places/{room.id}/move", f"/places/{room.id}/labels"):
        assert student.get(address).status_code == 403
    for address in ("/places/new", f"/places/{room.id}/close", f"/places/{room.id}/labels"):
        assert student.post(address, data={}).status_code == 403


def test_an_administrator_of_one_building_stays_in_it(database: Session, login: Login) -> None:
    here, there = sites.building(), sites.building()
    client = login(accounts.person("admin", scope_kind="building", scope_id=here.id))
    assert client.get(f"/places/{here.id}/edit").status_code == 200
    assert client.get(f"/places/{there.id}/edit").status_code == 403
    assert client.post(f"/places/{there.id}/labels", data={"extent": "this"}).status_code == 403
    assert f"/places/{there.id}/edit" not in client.get(f"/places/{there.id}").get_data(as_text=True)


# --- choosing -----------------------------------------------------------------------------------------------------

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_the_picker_searches_and_walks_inside_a_form(database: Session, student: FlaskClient) -> None:
    building = sites.building()
    floor = sites.floor(building)
    room = sites.room(floor)
    found = student.get("/places/pick?name=place_id&place_id_q=412", headers=PARTIAL).get_data(as_text=True)
    assert f'type="radio" class="dot" name="place_id" value="{room.id}"' in found
    inside = student.get(f"/places/pick?name=place_id&parent={building.id}", headers=PARTIAL).get_data(as_text=True)
    assert f'value="{floor.id}"' in inside
    assert f"parent={floor.id}" in inside
    kept = student.get(f"/places/pick?name=place_id&place_id_q=zzz&place_id={room.id}", headers=PARTIAL)
    assert f'value="{room.id}" checked' in kept.get_data(as_text=True)
    shown = student.get(f"/places/pick?place_id_q=zzz&place_id={room.id}&fixed={room.id}", headers=PARTIAL)
    assert "checked" not in shown.get_data(as_text=True)
    limited = student.get("/places/pick?place_id_q=412&kinds=floor", headers=PARTIAL).get_data(as_text=True)
    assert f'value="{room.id}"' not in limited
    empty = student.get("/places/pick?place_id_q=", headers=PARTIAL).get_data(as_text=True)
    assert "Nothing found" not in empty


def test_without_javascript_the_picker_is_a_page_that_comes_back(database: Session, student: FlaskClient) -> None:
    room = sites.room()
    page = student.get("/places/pick?name=place_id&q=412&back=/tickets/new?category%3Dwater%26place_id%3D1")
    assert f'href="/tickets/new?category=water&amp;place_id={room.id}"' in page.get_data(as_text=True)
    away = student.get("/places/pick?name=place_id&q=412&back=//evil.example/x").get_data(as_text=True)
    assert "evil" not in away
    assert student.get("/places/pick?name=Bad-Name").status_code == 404


def test_the_picker_in_a_page(database: Session, admin: FlaskClient) -> None:
    room, building = sites.room(), sites.building()
    page = admin.get(f"/places/{room.id}/move?parent_id={building.id}").get_data(as_text=True)
    assert f'name="parent_id" value="{building.id}" checked' in page
    assert "fixed=" in page


# --- labels -------------------------------------------------------------------------------------------------------


def test_labels_for_a_building_in_one_go(database: Session, admin: FlaskClient) -> None:
    building = sites.building()
    floor = sites.floor(building)
    rooms = [sites.room(floor, str(number)) for number in (3, 1, 2)]
    assert admin.get(f"/places/{building.id}/labels").status_code == 200
    order = {"extent": "below", "kinds": ["room"], "missing_only": "1"}
    sheet = admin.post(f"/places/{building.id}/labels", data=order)
    page = sheet.get_data(as_text=True)
    assert sheet.status_code == 200
    assert page.count("<svg xmlns") == 3 or page.count('viewBox="0 0 ') >= 3
    assert re.findall(r"<b>(\d)</b>", page) == ["1", "2", "3"]
    assert sheet.headers["Cache-Control"] == "no-store"
    stored = database.scalars(select(PlaceSticker)).all()
    assert {sticker.place_id for sticker in stored} == {room.id for room in rooms}
    assert admin.post(f"/places/{building.id}/labels", data=order).status_code == 422
    again = admin.post(
        f"/places/{rooms[0].id}/labels", data={"extent": "this", "replace": "1", "idempotency_key": "once"}
    )
    assert again.status_code == 200
    old = database.scalars(select(PlaceSticker).where(PlaceSticker.place_id == rooms[0].id)).all()
    assert sorted(sticker.revoked_at is None for sticker in old) == [False, True]


def test_a_sticker_leads_to_its_place_until_it_is_revoked(
    database: Session, admin: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.sites.web import sheets

    told: list[str] = []
    usual = sheets.qr_code
    monkeypatch.setattr(sheets, "qr_code", lambda text: told.append(text) or usual(text))
    room = sites.room()
    sheet = admin.post(f"/places/{room.id}/labels", data={"extent": "this"}).get_data(as_text=True)
    root, token = told[0].rsplit("/", 1)
    assert root == "http://127.0.0.1/r"
    assert len(token) == 22
    assert token.encode() not in database.scalars(select(PlaceSticker.token_hash)).one()
    day = room.valid_from or __import__("datetime").date(2026, 11, 18)
    assert queries.place_by_sticker(token, day) is room
    assert queries.place_by_sticker(token[:-1], day) is None
    code = stickers.code_of(queries.sticker_digest(token))
    assert code in sheet
    assert code in admin.get(f"/places/{room.id}").get_data(as_text=True)
    assert list(queries.places_by_sticker_code(code, day)) == [room]
    assert list(queries.places_by_sticker_code(token, day)) == []
    assert admin.get(f"/r/{code.replace(' ', '')}").status_code == 404  # it opens nothing
    sticker = database.scalars(select(PlaceSticker)).one()
    other = sites.room()
    assert admin.post(f"/places/{other.id}/stickers/{sticker.id}/revoke").status_code == 404
    assert "Revoke" in admin.get(f"/places/{room.id}").get_data(as_text=True)
    assert admin.post(f"/places/{room.id}/stickers/{sticker.id}/revoke").status_code == 302
    assert queries.place_by_sticker(token, day) is None
    assert list(queries.places_by_sticker_code(code, day)) == []


def test_a_sheet_holds_two_hundred_labels_at_most(database: Session, admin: FlaskClient) -> None:
    from app.core.actor import Actor
    from app.core.clock import now
    from app.sites import services

    floor = sites.floor()
    rows = [services.NewPlace("room", f"many-{n}", str(n), parent_id=floor.id) for n in range(203)]
    services.insert_places(rows, actor=Actor.system(1), now=now())
    order = {"extent": "below", "kinds": ["room"], "missing_only": "1"}
    first = admin.post(f"/places/{floor.id}/labels", data=order).get_data(as_text=True)
    assert "3 more places are waiting" in first
    second = admin.post(f"/places/{floor.id}/labels", data=order).get_data(as_text=True)
    assert re.findall(r"<b>(\d+)</b>", second) == ["200", "201", "202"]
