"""What a list of places would do: recognised by code, placed by code or by the named way."""

import pytest
from sqlalchemy import select

from app.core import i18n
from app.core.db import db
from app.core.importing import Line, Request
from app.imports import queries, wording
from app.imports.models import ImportRow
from app.sites import importer
from app.sites.models import Place
from app.sites.services import place_plan
from tests.factories import accounts, sites
from tests.imports import stages
from tests.imports.files import campus


@pytest.fixture(autouse=True)
def house(database):
    south = sites.campus("南校区", "S")
    peach = sites.building(sites.zone(south, "桃园", "Z1"), "3号楼", "TY3")
    sites.floor(peach, "4层", "TY3-4F")
    sites.floor(sites.building(sites.campus("北校区", "N"), "3号楼", "N3"), "四层", "N3-4")
    return south


def plan(rows, actor, now):
    batch = stages.planned(campus.gb18030(rows), kind="places", actor=actor, now=now)
    found = db.session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id).order_by(ImportRow.number)).all()
    return batch, {row.number: row for row in found}


def reasons(rows, actor, now):
    return {
        number: [why["code"] for why in row.reasons] for number, row in plan(rows, actor, now)[1].items() if row.reasons
    }


def test_rooms_named_by_campus_building_and_floor_get_codes_and_names(admin, now):
    rows = [
        ["校区", "楼栋", "楼层", "房间号"],
        ["南校区", "3号楼", "4", "412"],
        ["南校区", "TY3", "四楼", "413"],
        ["N", "3号楼", "4F", "401"],
    ]
    _batch, found = plan(rows, admin, now)
    assert [(row.outcome, row.key, row.content["name"]) for row in found.values()] == [
        ("new", "TY3-412", "412"),
        ("new", "TY3-413", "413"),
        ("new", "N3-401", "401"),
    ]
    stages.applied(campus.gb18030(rows), kind="places", actor=admin, now=now)
    assert (
        db.session.scalars(select(Place.path).where(Place.code == "TY3-412")).one()
        == "南校区 · 桃园 · 3号楼 · 4层 · 412"
    )


def test_a_way_that_is_unknown_or_ambiguous_is_refused(admin, now):
    rows = [
        ["校区", "楼栋", "楼层", "房间号"],
        ["南校区", "9号楼", "", "1"],
        ["", "3号楼", "", "1"],
        ["南校区", "3号楼", "5", "1"],
        ["", "", "", "77"],
    ]
    assert reasons(rows, admin, now) == {
        2: ["unknown_parent"],
        3: ["several_parents"],
        4: ["unknown_parent"],
        5: ["no_parent"],
    }


COLUMNS = ["类型", "编码", "名称", "校区", "楼栋", "楼层", "房间号"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_way_leads_over_places_that_are_new_in_the_same_file(admin, now, turned):
    """By name and by code, whatever the order of the rows, and down to what already stands in the register."""
    rows = [
        ["校区", "W", "西校区", "", "", "", ""],
        ["楼栋", "W1", "1号楼", "西校区", "", "", ""],
        ["楼层", "W1-2F", "2层", "W", "1号楼", "", ""],
        ["房间", "", "", "西校区", "W1", "二楼", "201"],
        ["房间", "", "", "", "1号楼", "", "9"],
        ["楼栋", "TY5", "5号楼", "南校区", "", "", ""],
        ["房间", "", "", "S", "5号楼", "", "101"],
        ["楼层", "N3-5", "5层", "北校区", "3号楼", "", ""],
        ["房间", "", "", "北校区", "3号楼", "5F", "501"],
    ]
    rows = [COLUMNS, *(reversed(rows) if turned else rows)]
    batch = stages.applied(campus.gb18030(rows), kind="places", actor=admin, now=now)
    assert (batch.state, batch.counts["new"]) == ("applied", 9)
    db.session.expire_all()
    paths = dict(db.session.execute(select(Place.code, Place.path)).all())
    assert {code: paths[code] for code in ("W1-201", "W1-9", "TY5-101", "N3-501")} == {
        "W1-201": "西校区 · 1号楼 · 2层 · 201",
        "W1-9": "西校区 · 1号楼 · 9",
        "TY5-101": "南校区 · 5号楼 · 101",
        "N3-501": "北校区 · 3号楼 · 5层 · 501",
    }


def test_a_way_that_fits_two_rows_or_a_row_and_the_register_is_refused_with_the_reason(admin, now):
    rows = [
        COLUMNS,
        ["楼栋", "S8", "8号楼", "南校区", "", "", ""],
        ["楼栋", "N8", "8号楼", "北校区", "", "", ""],
        ["楼栋", "S3", "3号楼", "南校区", "", "", ""],
        ["楼栋", "S9", "", "南校区", "", "", ""],
        ["房间", "", "", "", "8号楼", "", "1"],
        ["房间", "", "", "北校区", "8号楼", "", "1"],
        ["房间", "", "", "南校区", "3号楼", "", "1"],
        ["房间", "", "", "南校区", "S9", "", "1"],
        ["房间", "", "", "北校区", "S8", "", "1"],
    ]
    assert reasons(rows, admin, now) == {
        5: ["no_name"],
        6: ["several_parents"],
        8: ["several_parents"],
        9: ["parent_refused"],
        10: ["unknown_parent"],
    }


def test_a_way_over_a_place_the_file_moves_or_names_anew_is_found(admin, now):
    rows = [
        COLUMNS,
        ["楼栋", "TY3", "桃园三", "北校区", "", "", ""],
        ["房间", "", "", "北校区", "桃园三", "4", "401"],
        ["房间", "", "", "南校区", "TY3", "", "5"],
    ]
    found = plan(rows, admin, now)[1]
    assert [(row.outcome, row.key) for row in found.values()] == [
        ("changed", "TY3"),
        ("new", "TY3-401"),
        ("new", "TY3-5"),
    ]


def test_thousands_of_rooms_find_their_way_in_one_go_each(monkeypatch, house):
    """Each floor is climbed from once, however many are called alike and however many rooms ask for one."""
    climbed = []
    whole = place_plan._Ways._all_above
    monkeypatch.setattr(place_plan._Ways, "_all_above", lambda ways, code: climbed.append(code) or whole(ways, code))
    buildings = [{"kind": "building", "code": f"B{n}", "name": f"{n}栋", "campus": "南校区"} for n in range(100)]
    floors = [
        {"kind": "floor", "code": f"B{n}-{at}F", "name": f"{at}层", "building": f"{n}栋"}
        for n in range(100)
        for at in range(1, 6)
    ]
    rooms = [
        {"kind": "room", "number": f"{at}{door:02}", "building": f"{n}栋", "floor": str(at)}
        for n in range(100)
        for at in range(1, 6)
        for door in range(10)
    ]
    lines = [Line(number, values) for number, values in enumerate([*rooms, *floors, *buildings], start=2)]
    actor = accounts.actor(accounts.person("admin"))
    outcomes = [row.outcome for row in place_plan.plan(lines, place_plan.Register.of([house]), actor)]
    assert outcomes == ["new"] * 5600
    assert len(climbed) < 1000


def test_a_number_alone_under_a_known_or_new_place_makes_the_code(admin, now):
    rows = [
        ["类型", "名称", "上级编码", "编码", "房间号"],
        ["楼栋", "5号楼", "S", "B5", ""],
        ["房间", "", "B5", "", "101"],
        ["房间", "", "TY3-4F", "", "9"],
    ]
    _batch, found = plan(rows, admin, now)
    assert [row.key for row in found.values()] == ["B5", "B5-101", "TY3-9"]


def test_parents_may_come_later_in_the_file_and_fall_together(admin, now):
    rows = [
        campus.PLACE_HEADINGS,
        ["R1", "101", "房间", "F1"],
        ["F1", "1层", "楼层", "B9"],
        ["B9", "9号楼", "楼栋", "S"],
        ["R2", "201", "房间", "F2"],
        ["F2", "2层", "楼层", "B8"],
        ["B8", "", "楼栋", "S"],
    ]
    batch, found = plan(rows, admin, now)
    assert batch.counts["new"] == 3
    assert {number: row.reasons[0]["code"] for number, row in found.items() if row.reasons} == {
        5: "parent_refused",
        6: "parent_refused",
        7: "no_name",
    }


def test_rings_and_wrong_levels_and_changed_kinds_are_refused(admin, now):
    rows = [
        campus.PLACE_HEADINGS,
        ["X", "x", "设备", "Y"],
        ["Y", "y", "设备", "X"],
        ["W", "w", "设备", "W"],
        ["Q", "q", "楼层", "S"],
        ["TY3", "3号楼", "房间", "TY3-4F"],
        ["C", "c", "校区", "S"],
        ["", "no code", "楼栋", "S"],
        ["K", "k", "", "S"],
    ]
    assert reasons(rows, admin, now) == {
        2: ["ring"],
        3: ["ring"],
        4: ["ring"],
        5: ["wrong_level"],
        6: ["kind_differs"],
        7: ["wrong_level"],
        8: ["no_code"],
        9: ["no_kind"],
    }


@pytest.mark.parametrize(
    ("tag", "level", "kind"),
    [
        ("en", "“Campus” cannot stand in “Building”", "The register has this place as “Building”"),
        ("zh-CN", "“楼栋”下面不能放“校区”", "登记册里此地点为“楼栋”"),
    ],
)
def test_a_refusal_says_kinds_in_words_and_the_value_as_the_file_has_it(admin, now, tag, level, kind):
    rows = [campus.PLACE_HEADINGS, ["C", "c", "校区", "N3"], ["TY3", "3号楼", "room", "S"]]
    found = plan(rows, admin, now)[1]
    with i18n.speaking(tag):
        said = [
            [(why.value, wording.message(why, importer.IMPORTER)) for why in map(queries.as_reason, row.reasons)]
            for row in found.values()
        ]
    assert said[0] == [("校区", level)]
    assert ("room", kind) in said[1]


def test_a_kind_the_list_does_not_say_is_no_value_of_it(admin, now):
    found = plan([["编码", "名称", "上级编码"], ["C", "c", "S"]], admin, now)[1]
    assert [(why["code"], why["value"]) for why in found[2].reasons] == [("wrong_level", "")]


def test_a_code_twice_in_the_file_refuses_all_its_rows(admin, now):
    rows = [campus.PLACE_HEADINGS, ["D", "a", "楼栋", "S"], ["D", "b", "楼栋", "S"], ["D", "c", "楼栋", "S"]]
    assert reasons(rows, admin, now) == {2: ["twice_in_file"], 3: ["twice_in_file"], 4: ["twice_in_file"]}


def test_only_what_the_file_says_is_changed(admin, now):
    rows = [["编码", "公共"], ["TY3", "是"], ["TY3-4F", "否"]]
    batch, found = plan(rows, admin, now)
    assert (batch.counts["changed"], batch.counts["same"]) == (1, 1)
    assert found[2].diff == {"public": [False, True]}


def test_a_place_moves_to_a_parent_that_is_new_in_the_same_file_and_back(admin, now):
    rows = [campus.PLACE_HEADINGS, ["B7", "7号楼", "楼栋", "S"], ["TY3-4F", "4层", "楼层", "B7"]]
    batch = stages.applied(campus.gb18030(rows), kind="places", actor=admin, now=now)
    assert (batch.counts["new"], batch.counts["changed"]) == (1, 1)
    db.session.expire_all()
    floor = db.session.scalars(select(Place).where(Place.code == "TY3-4F")).one()
    assert floor.path == "南校区 · 7号楼 · 4层"
    from app.imports.services import application, decisions

    decisions.order_undo(batch.id, actor=admin, now=now)
    application.undo(batch.id, actor=admin, now=now)
    assert stages.batch(batch.id).state == "undone"
    db.session.expire_all()
    assert db.session.scalars(select(Place).where(Place.code == "TY3-4F")).one().path == "南校区 · 桃园 · 3号楼 · 4层"


def test_what_was_changed_after_the_import_is_not_taken_back(admin, now):
    rows = [campus.PLACE_HEADINGS, ["TY3", "桃园三", "楼栋", "Z1"]]
    batch = stages.applied(campus.gb18030(rows), kind="places", actor=admin, now=now)
    db.session.expire_all()
    db.session.scalars(select(Place).where(Place.code == "TY3")).one().name = "又改了"
    db.session.flush()
    done = queries.written_plans(batch.id)
    blockers = importer.IMPORTER.blockers(done, Request(admin, now))
    assert [(why.code, why.value) for why in blockers] == [("changed_since_import", "TY3")]


def test_a_list_without_codes_or_numbers_is_refused_as_a_whole(admin, now):
    batch, _found = plan([["名称", "类型"], ["x", "房间"]], admin, now)
    assert (batch.state, batch.problem["code"]) == ("failed", "places_no_code")


@pytest.mark.parametrize(
    ("word", "number"),
    [("3", 3), ("3F", 3), ("第三层", 3), ("十", 10), ("十二楼", 12), ("二十", 20), ("二十一层", 21), ("-1", -1)],
)
def test_floors_are_compared_by_their_number(word, number):
    assert place_plan._word("floor", word) == f"#{number}"


def test_floors_without_a_number_are_compared_by_name():
    assert place_plan._word("floor", "架空层") == "架空层"
    assert place_plan._word("building", "３ 号楼") == "3号楼"
