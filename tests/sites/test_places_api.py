"""`GET /places` of the contract."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.sites import services
from tests.counting import counted
from tests.factories import accounts, sites


def _get(client: FlaskClient, address: str, headers: dict[str, str]) -> list[dict[str, str]]:
    answer = client.get(f"/api/v1{address}", headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    items: list[dict[str, str]] = answer.json["items"]
    return items


def test_places_are_found_by_name_initials_and_code(database: Session, client: FlaskClient) -> None:
    me = accounts.token(accounts.person("student"))
    building = sites.building(name="水电中心", code="SD-1")
    room = sites.room(building, "值班室", code="SD-101")
    sites.building(name="桃园", code="XSD-1")
    assert _get(client, "/places?q=水电", me)[0]["id"] == str(building.id)
    assert [item["code"] for item in _get(client, "/places?q=SDZX&kind=building", me)] == ["SD-1"]
    assert [item["code"] for item in _get(client, "/places?q=sd-1", me)] == ["SD-1", "SD-101", "XSD-1"]
    found = _get(client, "/places?q=水电 值班", me)
    assert found == [
        {
            "id": str(room.id),
            "code": "SD-101",
            "name": "值班室",
            "kind": "room",
            "path": "南校区 · 水电中心 · 值班室",
            "parent_id": str(building.id),
        }
    ]


def test_places_are_found_by_whole_pinyin(database: Session, client: FlaskClient) -> None:
    """The name itself first, then what stands in it: in a building, or in a building of a zone."""
    me = accounts.token(accounts.person("student"))
    campus = sites.campus(name="东校区", code="E")
    zone = sites.place("zone", campus, "桃园", code="ZT")
    house = sites.place("building", zone, "3 号楼", code="T3")
    room = sites.room(house, "408 室", code="T3-408")
    sites.building(name="陶艺馆", code="TY")
    other = sites.building(name="Taoyuan Hall", code="HALL")

    def found(asked: str) -> list[str]:
        return [item["code"] for item in _get(client, f"/places?q={asked}", me)]

    assert found("taoyuan")[:2] == ["ZT", "HALL"]
    assert set(found("taoyuan")) == {"ZT", "T3", "T3-408", "HALL"}
    assert found("TAOYUAN 408") == [room.code]
    assert found("taoy")[0] == zone.code
    assert found("dongxiaoqu")[0] == campus.code
    assert other.code in found("hall")
    assert found("aoyuan") == [other.code]  # letters of a name are found wherever they stand
    assert found("3haolou") == []


def test_a_number_is_found_as_it_is_said_and_written(database: Session, client: FlaskClient) -> None:
    me = accounts.token(accounts.person("student"))
    figures, spoken = sites.building(name="3号楼", code="B-3"), sites.building(name="十号楼", code="B-10")
    room = sites.room(figures, "408 室", code="B-3-408")
    sites.building(name="13号楼", code="B-13")
    sites.building(name="二十号楼", code="B-20")
    for asked in ("三号楼", "3号楼"):
        assert _get(client, f"/places?q={asked}", me)[0]["id"] == str(figures.id)
    assert [item["id"] for item in _get(client, "/places?q=10号楼", me)] == [str(spoken.id)]
    assert [item["id"] for item in _get(client, "/places?q=三号楼408", me)] == [str(room.id)]


def test_a_number_with_its_unit_is_one_word_as_ways_are_written(database: Session, client: FlaskClient) -> None:
    me = accounts.token(accounts.person("student"))
    first, third = (sites.building(name=f"桃园 {number} 号楼", code=f"TY{number}") for number in (1, 3))
    sites.room(sites.floor(first, name="3 层"), "401 室", code="TY1-401")
    room = sites.room(sites.floor(third, name="4 层"), "408 室", code="TY3-408")
    for asked in ("3 号楼", "桃园 3 号楼", "三 号楼"):
        found = {item["code"] for item in _get(client, f"/places?q={asked}", me)}
        assert "TY3" in found
        assert not [code for code in found if code.startswith("TY1")], asked
    assert [item["id"] for item in _get(client, f"/places?q={room.path}", me)] == [str(room.id)]


def test_wildcards_are_plain_characters(database: Session, client: FlaskClient) -> None:
    me = accounts.token(accounts.person("student"))
    room = sites.room(name="AXB")
    assert _get(client, "/places?q=%25", me) == []
    assert _get(client, "/places?q=a_b", me) == []
    assert [item["id"] for item in _get(client, "/places?q=axb", me)] == [str(room.id)]


def test_a_mark_alone_is_looked_for_in_names_and_codes(database: Session, client: FlaskClient) -> None:
    """It is no word that every place holds, nor the line between the levels of a way."""
    me = accounts.token(accounts.person("student"))
    ground = sites.room(name="412", code="T412")
    hall = sites.building(name="A_B 馆", code="HALL")
    stage = sites.room(hall, "舞台", code="HALL-1")
    assert [item["id"] for item in _get(client, "/places?q=_", me)] == [str(hall.id), str(stage.id)]
    assert str(stage.id) in [item["id"] for item in _get(client, "/places?q=-", me)]
    assert str(ground.id) not in [item["id"] for item in _get(client, "/places?q=-", me)]
    for nothing in ("%25", "·", "。", "，", "%23", ".", "…", "_ ·"):
        assert _get(client, f"/places?q={nothing}", me) == [], nothing
    assert [item["id"] for item in _get(client, "/places?q=A_B · 舞台", me)] == [str(stage.id)]


def test_children_descendants_and_closed_ones(database: Session, client: FlaskClient) -> None:
    from app.core.actor import Actor
    from app.core.clock import now
    from app.sites import queries

    me = accounts.token(accounts.person("student"))
    building = sites.building()
    floor = sites.floor(building)
    rooms = [sites.room(floor, str(number)) for number in (10, 9, 1)]
    assert [item["id"] for item in _get(client, f"/places?parent={building.id}", me)] == [str(floor.id)]
    below = _get(client, f"/places?parent={building.id}&kind=room", me)
    assert [item["name"] for item in below] == ["1", "9", "10"]
    services.close_place(rooms[0].id, queries.today(now()), actor=Actor.system(1), now=now())
    assert len(_get(client, f"/places?parent={floor.id}", me)) == 2
    assert client.get(f"/api/v1/places/{rooms[0].id}", headers=me).status_code == 200


def test_the_tag_of_a_place_says_whether_it_has_changed(database: Session, client: FlaskClient) -> None:
    from app.core.actor import Actor
    from app.core.clock import now

    me = accounts.token(accounts.person("student"))
    room = sites.room(name="412")
    address = f"/api/v1/places/{room.id}"
    first = client.get(address, headers=me)
    tag = first.headers["ETag"]
    same = client.get(address, headers={**me, "If-None-Match": tag})
    assert (same.status_code, same.headers["ETag"], same.data) == (304, tag, b"")
    services.edit_place(room.id, code=room.code, name="412A", actor=Actor.system(1), now=now())
    changed = client.get(address, headers={**me, "If-None-Match": tag})
    assert (changed.status_code, changed.json["name"]) == (200, "412A")
    assert changed.headers["ETag"] != tag
    assert client.get(f"/api/v1/places/{sites.room(name='413').id}", headers=me).headers["ETag"] != tag


def test_pages_by_cursor_with_and_without_a_search(database: Session, client: FlaskClient) -> None:
    me = accounts.token(accounts.person("student"))
    floor = sites.floor()
    for number in range(25):
        sites.room(floor, f"4{number:02d}")
    for address in (f"/api/v1/places?parent={floor.id}&limit=10", "/api/v1/places?q=4&kind=room&limit=10"):
        seen: list[str] = []
        cursor = ""
        while cursor is not None:
            with counted() as statements:
                answer = client.get(f"{address}&cursor={cursor}" if cursor else address, headers=me).json
            assert len(statements) <= 6
            seen += [item["name"] for item in answer["items"]]
            cursor = answer["next"]
        assert seen == [f"4{number:02d}" for number in range(25)]


def test_the_edges(database: Session, client: FlaskClient) -> None:
    me = accounts.token(accounts.person("student"))
    assert client.get("/api/v1/places").status_code == 401
    assert client.get("/api/v1/places", headers=accounts.token(accounts.person("contractor"))).status_code == 403
    for query in ("limit=0", "limit=101", "kind=castle", "parent=x", "cursor=abc"):
        answer = client.get(f"/api/v1/places?{query}", headers=me)
        assert answer.status_code == 422, query
        assert answer.mimetype == "application/problem+json"
    for number in ("0", "abc", "99999999999999999999", "123456"):
        assert client.get(f"/api/v1/places/{number}", headers=me).status_code == 404
