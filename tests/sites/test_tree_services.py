"""The place tree: adding, renaming, moving, closing; one by one and in bulk."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.sites import queries, search, services
from app.sites.models import Place, PlaceSticker
from app.sites.services import NewPlace, PlaceChange
from tests.factories import accounts, sites

SYSTEM = Actor.system(1)
DAY = date(2026, 11, 18)


def test_a_place_repeats_its_ancestors(database: Session) -> None:
    campus = sites.campus("南校区", "NQ")
    building = sites.building(campus, "桃园3号楼", "T3")
    floor = sites.floor(building, "4层", "T3-4")
    room = sites.room(floor, "412", "T3-412")
    assert room.path == "南校区 · 桃园3号楼 · 4层 · 412"
    assert (room.campus_id, room.building_id) == (campus.id, building.id)
    assert (building.campus_id, building.building_id) == (campus.id, building.id)
    assert (campus.campus_id, campus.building_id) == (campus.id, None)
    assert room.search.split("\n") == ["南校区 · 桃园3号楼 · 4层 · 412", "t3-412", "nxq ty3hl 4c 412"]
    assert campus.zone_name == "Asia/Shanghai"
    assert building.zone_name is None
    assert sites.outdoor(campus).public
    entry = database.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert entry.verb == "place.add"


@pytest.mark.parametrize(
    ("kind", "parent"),
    [("room", "campus"), ("campus", "campus"), ("floor", "zone"), ("zone", "building"), ("planet", "campus")],
)
def test_kinds_stand_where_they_may(database: Session, kind: str, parent: str) -> None:
    campus = sites.campus()
    parents = {"campus": campus, "zone": sites.zone(campus), "building": sites.building(campus)}
    with pytest.raises(Rejected) as refused:
        sites.place(kind, parents[parent], "x")
    assert "kind" in refused.value.fields


def test_only_a_campus_stands_alone(database: Session) -> None:
    with pytest.raises(Rejected) as refused:
        sites.place("room", None, "412")
    assert "parent_id" in refused.value.fields


def test_a_code_is_unique_among_the_valid(database: Session, now: datetime) -> None:
    campus = sites.campus(code="C1")
    with pytest.raises(Rejected) as refused:
        sites.campus(code="C1")
    assert "code" in refused.value.fields
    services.close_place(campus.id, DAY, actor=SYSTEM, now=now)
    sites.campus(code="C1")
    with pytest.raises(Rejected):
        services.reopen_place(campus.id, actor=SYSTEM, now=now)


def test_renaming_reaches_everything_below(database: Session, now: datetime) -> None:
    building = sites.building(name="桃园3号楼")
    room = sites.room(sites.floor(building))
    services.edit_place(building.id, code="T-9", name="李园9号楼", actor=SYSTEM, now=now)
    assert room.path == "南校区 · 李园9号楼 · 4层 · 412"
    assert "ly9hl" in room.search
    assert "桃园" not in room.search
    assert building.sort_key == "2 li yuan 000009 hao lou"
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "place.edit")).one()
    assert entry.before is not None
    assert entry.before["name"] == "桃园3号楼"
    assert "public" not in entry.before


def test_editable_initials_are_kept_and_searched(database: Session, now: datetime) -> None:
    building = sites.building(name="长乐楼")
    services.edit_place(building.id, code=building.code, name="长乐楼", initials="ZLL", actor=SYSTEM, now=now)
    assert building.initials == "zll"
    assert search.find(DAY, q="zll").items[0].id == building.id


def test_moving_a_building_takes_its_rooms_to_the_other_campus(database: Session, now: datetime) -> None:
    south, north = sites.campus("南校区"), sites.campus("北校区")
    building = sites.building(south)
    room = sites.room(sites.floor(building))
    services.move_place(building.id, north.id, actor=SYSTEM, now=now)
    assert room.campus_id == building.campus_id == north.id
    assert room.building_id == building.id
    assert room.path.startswith("北校区 · ")
    with pytest.raises(Rejected):
        services.move_place(building.id, room.id, actor=SYSTEM, now=now)


def test_nothing_is_moved_into_itself(database: Session, now: datetime) -> None:
    lift = sites.asset(name="电梯")
    motor = sites.asset(lift, name="电机")
    with pytest.raises(Rejected) as refused:
        services.move_place(lift.id, motor.id, actor=SYSTEM, now=now)
    assert "parent_id" in refused.value.fields


def test_places_are_not_nested_without_end(database: Session, now: datetime) -> None:
    place = sites.asset()
    for _level in range(7):
        place = sites.asset(place)
    with pytest.raises(Rejected):
        sites.asset(place)
    lift = sites.asset(name="电梯")
    sites.asset(lift, name="电机")
    with pytest.raises(Rejected) as refused:
        services.move_place(lift.id, place.id, actor=SYSTEM, now=now)
    assert set(refused.value.fields) == {"parent_id"}


def test_closing_waits_for_what_stands_below(database: Session, now: datetime) -> None:
    floor = sites.floor()
    room = sites.room(floor)
    with pytest.raises(Conflict):
        services.close_place(floor.id, DAY, actor=SYSTEM, now=now)
    services.close_place(room.id, DAY, actor=SYSTEM, now=now)
    services.close_place(floor.id, DAY, actor=SYSTEM, now=now)
    assert queries.by_id(room.id) is room
    assert room.path.endswith("412")
    with pytest.raises(Conflict):
        services.add_place("room", floor.id, "new", "new", actor=SYSTEM, now=now)
    with pytest.raises(Conflict):
        services.reopen_place(room.id, actor=SYSTEM, now=now)
    services.reopen_place(floor.id, actor=SYSTEM, now=now)
    services.reopen_place(room.id, actor=SYSTEM, now=now)
    assert search.find(DAY, parent=floor).items[0].id == room.id


def test_the_right_holds_in_its_scope_only(database: Session, now: datetime) -> None:
    here, there = sites.building(name="桃园1号楼"), sites.building(name="桃园2号楼")
    manager = accounts.actor(accounts.person("admin", scope_kind="building", scope_id=here.id), now)
    services.add_place("floor", here.id, "F-1", "1层", actor=manager, now=now)
    with pytest.raises(NotAllowed):
        services.add_place("floor", there.id, "F-2", "1层", actor=manager, now=now)
    with pytest.raises(NotAllowed):
        services.add_place("campus", None, "C-9", "东校区", actor=manager, now=now)
    with pytest.raises(NotAllowed):
        services.edit_place(there.id, code=there.code, name="x", actor=manager, now=now)


def test_thousands_are_inserted_quickly_and_rightly(database: Session, now: datetime) -> None:
    campus = sites.campus()
    rows = [NewPlace("room", f"B1-{n}", str(n), parent_code=f"B1-F{n % 20}") for n in range(5000)]
    rows += [NewPlace("floor", f"B1-F{n}", f"{n}层", parent_code="B1") for n in range(20)]
    rows += [NewPlace("building", "B1", "主楼", parent_id=campus.id)]
    began = time.perf_counter()
    ids = services.insert_places(rows, actor=SYSTEM, now=now)
    assert time.perf_counter() - began < 10
    room = queries.by_id(ids[4321])
    assert room is not None
    assert room.code == "B1-4321"
    assert room.path == "南校区 · 主楼 · 1层 · 4321"
    assert room.building_id == ids[-1]
    assert room.campus_id == campus.id
    before = {place.id: (place.path, place.search, place.campus_id, place.building_id) for place in _all(database)}
    services.change_places([PlaceChange(campus.id, name="南校区")], actor=SYSTEM, now=now)
    assert before == {
        place.id: (place.path, place.search, place.campus_id, place.building_id) for place in _all(database)
    }


def _all(database: Session) -> list[Place]:
    database.expire_all()
    return list(database.scalars(select(Place)))


def test_bulk_changes_and_closings(database: Session, now: datetime) -> None:
    building = sites.building()
    low, high = sites.floor(building, "1层"), sites.floor(building, "2层")
    rooms = [sites.room(low, str(n)) for n in range(3)]
    services.change_places(
        [PlaceChange(building.id, name="李园"), *(PlaceChange(room.id, parent_id=high.id) for room in rooms)],
        actor=SYSTEM,
        now=now,
    )
    assert rooms[0].path == "南校区 · 李园 · 2层 · 0"
    with pytest.raises(Conflict):
        services.close_places([high.id], DAY, actor=SYSTEM, now=now)
    services.close_places([high.id, *(room.id for room in rooms)], DAY, actor=SYSTEM, now=now)
    assert high.valid_to == DAY
    with pytest.raises(Rejected):
        services.insert_places([NewPlace("room", "r", "r", parent_code="nowhere")], actor=SYSTEM, now=now)
    services.change_places([PlaceChange(building.id, public=True)], actor=SYSTEM, now=now)
    assert (building.public, building.name) == (True, "李园")


def test_what_is_refused_leaves_the_place_as_it_is(database: Session, now: datetime) -> None:
    campus, taken = sites.campus(), sites.building(code="T1")
    building, over = sites.building(campus, code="T2", valid_from=DAY), sites.zone(campus)
    services.close_place(over.id, DAY, actor=SYSTEM, now=now)
    with pytest.raises(Rejected) as refused:
        services.edit_place(building.id, code=taken.code, name="x", actor=SYSTEM, now=now)
    assert set(refused.value.fields) == {"code"}
    with pytest.raises(Conflict):
        services.move_place(building.id, over.id, actor=SYSTEM, now=now)
    with pytest.raises(Rejected) as refused:
        services.close_place(building.id, DAY - timedelta(days=1), actor=SYSTEM, now=now)
    assert set(refused.value.fields) == {"on"}
    with pytest.raises(Conflict):
        services.close_place(over.id, DAY + timedelta(days=1), actor=SYSTEM, now=now)
    with pytest.raises(Rejected) as refused:
        sites.campus(zone_name="Mars/Olympus")
    assert set(refused.value.fields) == {"zone_name"}
    assert (building.code, building.parent_id, building.valid_to, over.valid_to) == ("T2", campus.id, None, DAY)


def test_what_is_so_already_is_no_change(database: Session, now: datetime) -> None:
    building = sites.building()
    assert services.move_place(building.id, building.parent_id or 0, actor=SYSTEM, now=now) is building
    assert services.reopen_place(building.id, actor=SYSTEM, now=now) is building
    services.issue_stickers([building.id], actor=SYSTEM, now=now)
    sticker_id = database.scalars(select(PlaceSticker.id)).one()
    for later in (0, 1):
        made = services.revoke_sticker(sticker_id, actor=SYSTEM, now=now + timedelta(hours=later))
        assert made.revoked_at == now
    of_it = select(AuditEntry.verb).where(AuditEntry.object_id == building.id).order_by(AuditEntry.id)
    assert database.scalars(of_it).all() == ["place.add", "place.sticker_issue", "place.sticker_revoke"]


def test_what_is_not_there_is_not_changed_and_what_is_closed_gets_no_sticker(database: Session, now: datetime) -> None:
    by: Any = {"actor": SYSTEM, "now": now}
    for act in (
        lambda: services.change_places([PlaceChange(10**12, name="x")], **by),
        lambda: services.issue_stickers([10**12], **by),
        lambda: services.revoke_sticker(10**12, **by),
    ):
        with pytest.raises(NotFound):
            act()
    room = sites.room()
    services.close_place(room.id, DAY, **by)
    with pytest.raises(Conflict):
        services.issue_stickers([room.id], **by)
    assert database.scalars(select(PlaceSticker)).all() == []
