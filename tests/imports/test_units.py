"""Colleges, majors and classes by file: recognised by code, set below each other, renamed, taken back."""

from datetime import date

import pytest
from sqlalchemy import select

from app.accounts.models import OrgUnit
from app.accounts.services.units import NewUnit, insert_units
from app.audit.models import AuditEntry
from app.core.db import db
from app.core.errors import NotAllowed, Rejected
from app.imports.models import ImportRow
from app.imports.services import application, decisions
from tests.counting import counted
from tests.factories import accounts
from tests.imports import stages
from tests.imports.files import build, campus

HEADINGS = ["代码", "名称", "类型", "上级代码"]
TREE = [
    HEADINGS,
    ["C2601", "化工 2601 班", "班级", "M01"],  # below a unit that comes after it
    ["08", "化工学院", "学院", ""],
    ["M01", "化学工程", "专业", "08"],
    ["C2602", "化工 2602 班", "班级", "M01"],
]


@pytest.fixture
def admin(database, frozen):
    return accounts.actor(accounts.person("admin"))


def plan(rows, actor, now):
    batch = stages.planned(campus.gb18030(rows), kind="units", actor=actor, now=now)
    found = db.session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id).order_by(ImportRow.number)).all()
    return batch, {row.number: row for row in found}


def apply(rows, actor, now):
    return stages.applied(campus.gb18030(rows), kind="units", actor=actor, now=now)


def reasons(rows, actor, now):
    return {
        number: [why["code"] for why in row.reasons] for number, row in plan(rows, actor, now)[1].items() if row.reasons
    }


def taken_back(batch, actor, now):
    decisions.order_undo(batch.id, actor=actor, now=now)
    application.undo(batch.id, actor=actor, now=now)
    return stages.batch(batch.id).state


def tree():
    units = {unit.id: unit for unit in db.session.scalars(select(OrgUnit).where(OrgUnit.valid_to.is_(None)))}
    return {
        unit.code: (unit.kind, unit.name, units[unit.parent_id].code if unit.parent_id else None)
        for unit in units.values()
    }


def test_a_tree_in_any_order_is_made_and_known_the_second_time(admin, now):
    batch = apply(TREE, admin, now)
    assert batch.state == "applied"
    assert tree() == {
        "08": ("college", "化工学院", None),
        "M01": ("major", "化学工程", "08"),
        "C2601": ("class", "化工 2601 班", "M01"),
        "C2602": ("class", "化工 2602 班", "M01"),
    }
    assert {unit.valid_from for unit in db.session.scalars(select(OrgUnit))} == {date(2026, 11, 18)}
    again, _rows = plan(TREE, admin, now)
    assert (again.counts["same"], again.counts["new"], again.counts["refused"]) == (4, 0, 0)
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.verb == "org.insert")).one()
    assert entry.after == {"count": 4}


def test_a_list_without_kinds_holds_classes_below_units_of_the_register(admin, now):
    accounts.org_unit("数学学院").code = "07"
    apply([["班级代码", "班级名称", "所属学院代码"], ["S2601", "数学 2601", "07"]], admin, now)
    assert tree()["S2601"] == ("class", "数学 2601", "07")


def test_names_change_and_what_is_not_named_stays(admin, now):
    apply(TREE, admin, now)
    rows = [["代码", "名称"], ["08", "化学与化工学院"], ["M01", "化学工程"]]
    batch, found = plan(rows, admin, now)
    assert [(row.outcome, row.diff) for row in found.values()] == [
        ("changed", {"name": ["化工学院", "化学与化工学院"]})
    ]
    assert batch.counts["same"] == 1
    apply(rows, admin, now)
    assert tree()["08"] == ("college", "化学与化工学院", None)
    assert len(tree()) == 4


def test_what_cannot_be_is_refused_row_by_row(admin, now):
    apply(TREE, admin, now)
    rows = [
        HEADINGS,
        ["X1", "", "班级", "08"],
        ["X2", "无类型", "", "08"],
        ["X3", "无上级", "班级", "99"],
        ["X4", "甲", "班级", "08"],
        ["X4", "乙", "班级", "08"],
        ["X5", "环", "班级", "X6"],
        ["X6", "环", "班级", "X5"],
        ["X7", "随上", "班级", "X1"],
        ["M01", "化学工程", "班级", "08"],
        ["C2601", "化工 2601 班", "班级", "08"],
        ["X8", "好", "班级", "08"],
    ]
    assert reasons(rows, admin, now) == {
        2: ["unit_without_name"],
        3: ["unit_without_kind"],
        4: ["unknown_unit_above"],
        5: ["twice_in_file"],
        6: ["twice_in_file"],
        7: ["ring"],
        8: ["ring"],
        9: ["parent_refused"],
        10: ["unit_kind_differs"],
        11: ["unit_moved"],
    }
    batch = apply(rows, admin, now)
    assert (batch.counts["new"], batch.counts["refused"]) == (1, 10)
    assert tree()["X8"] == ("class", "好", "08")


def test_nothing_is_made_below_what_does_not_stand(admin, now):
    """A unit closed since the plan was made, and one that nobody names."""
    closed = accounts.org_unit()
    closed.valid_to = now.date()
    for above in ({"parent_id": closed.id}, {"parent_code": "X"}):
        with pytest.raises(Rejected):
            insert_units([NewUnit("class", "C1", "一班", **above)], actor=admin, now=now)
    assert tree() == {}


def test_it_is_taken_back_unless_somebody_is_in_it(admin, now):
    apply(TREE[:1] + TREE[2:4], admin, now)
    batch = apply([HEADINGS, ["08", "化学与化工学院", "学院", ""], *TREE[1:2], *TREE[4:]], admin, now)
    assert taken_back(batch, admin, now) == "undone"
    assert tree() == {"08": ("college", "化工学院", None), "M01": ("major", "化学工程", "08")}
    batch = apply(TREE, admin, now)
    unit = db.session.scalars(select(OrgUnit).where(OrgUnit.code == "C2601", OrgUnit.valid_to.is_(None))).one()
    member = accounts.member_of(accounts.person("student"), unit)
    assert taken_back(batch, admin, now) == "applied"
    db.session.delete(member)
    accounts.grant(accounts.person(), "counsellor", scope_kind="org", scope_id=unit.id)
    assert taken_back(batch, admin, now) == "applied"
    assert "C2601" in tree()


def test_a_unit_made_by_file_takes_the_people_of_the_next_list(admin, now):
    apply([HEADINGS, ["0817", "化工学院", "学院", ""], ["C01", "化工 2601", "班级", "0817"]], admin, now)
    registry = accounts.actor(accounts.person("registry"))
    accounts.role("student")
    rows = [campus.PEOPLE_HEADINGS, campus.person(0, 班级="C01"), campus.person(1, 班级="C99")]
    batch = stages.planned(campus.gb18030(rows), kind="people", actor=registry, now=now)
    assert (batch.counts["new"], batch.counts["refused"]) == (1, 1)


def test_who_keeps_the_units_of_the_whole_institution(admin, now):
    college = accounts.org_unit("数学学院")
    for who in (accounts.person("registry"), accounts.person("admin", scope_kind="org", scope_id=college.id)):
        with pytest.raises(NotAllowed):
            stages.upload(build.csv_bytes(TREE), kind="units", actor=accounts.actor(who), now=now)


def test_statements_do_not_grow_with_the_list(admin, now):
    def rows(start, many):
        return [HEADINGS, *([f"K{n}", f"班 {n}", "班级", ""] for n in range(start, start + many))]

    with counted() as few:
        apply(rows(0, 5), admin, now)
    with counted() as more:
        apply(rows(100, 400), admin, now)
    assert len(more) <= len(few) + 4
