"""Rare lists of people: units of one name, changes since, account names, hashes of old, who returns, planned moves."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range

from app.accounts.models import OrgMembership, OrgUnit, Person, PersonIdentifier
from app.accounts.services import register_write
from app.core import keyed
from app.core.db import db
from app.core.errors import Rejected
from app.core.importing import RowPlan
from app.imports.services import application, decisions, intake, looking
from tests.factories import accounts
from tests.imports import stages
from tests.imports.files import campus
from tests.imports.people import by_number, load, refusals, remarks, taken_back


def test_units_of_one_name_are_told_apart_by_the_others(database, now):
    uploader = accounts.actor(accounts.person("registry"))
    one, two = OrgUnit(kind="college", code="A", name="甲学院"), OrgUnit(kind="college", code="B", name="乙学院")
    db.session.add_all([one, two])
    db.session.flush()
    for college in (one, two):
        db.session.add(OrgUnit(kind="class", code=f"{college.code}1", name="一班", parent_id=college.id))
    db.session.flush()
    rows = [
        campus.PEOPLE_HEADINGS,
        campus.person(1, 院系="甲学院", 班级="一班"),
        campus.person(2, 院系="", 班级="一班"),
        campus.person(3, 院系="Z9", 班级="一班"),
    ]
    batch = stages.planned(campus.gb18030(rows), kind="people", actor=uploader, now=now)
    assert batch.counts["new"] == 1
    assert batch.counts["reasons"] == {"several_units": 2, "no_such_unit": 1}


def test_missing_marks_and_attached_documents_are_taken_back(database, now):
    accounts.role("student")
    uploader, head = (accounts.actor(accounts.person("registry")) for _ in range(2))
    plain = [campus.person(n, 院系="", 班级="", 身份证号="") for n in range(30)]
    stages.applied(
        campus.gb18030([campus.PEOPLE_HEADINGS, *plain]), kind="people", actor=uploader, approver=head, now=now
    )
    second = [campus.person(n, 院系="", 班级="") for n in range(1, 30)]
    batch = stages.applied(
        campus.gb18030([campus.PEOPLE_HEADINGS, *second]),
        kind="people",
        actor=uploader,
        approver=head,
        now=now,
        extent="whole",
    )
    assert (batch.counts["missing"], batch.counts["changed"]) == (1, 29)
    decisions.order_undo(batch.id, actor=head, now=now)
    application.undo(batch.id, actor=head, now=now)
    assert stages.batch(batch.id).state == "undone"
    valid = select(PersonIdentifier.id).where(
        PersonIdentifier.kind == "identity_document", PersonIdentifier.valid_to.is_(None)
    )
    assert db.session.scalars(valid).first() is None


def test_people_who_changed_since_are_named(database, now):
    person = accounts.person("student")
    plans = [
        RowPlan(
            2, "changed", "1", target=person.id, values={"facts": {"name": "别人"}, "kind": "student_no", "number": "1"}
        ),
        RowPlan(None, "missing", "2", target=person.id),
        RowPlan(3, "new", "3", target=10**9),
    ]
    assert register_write.present(plans) == plans


def test_a_taken_account_name_leaves_the_new_person_without_one(database, now):
    uploader, head = (accounts.actor(accounts.person("registry")) for _ in range(2))
    accounts.person("student", username="2026000001")
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 院系="", 班级="")]
    batch = stages.applied(campus.gb18030(rows), kind="people", actor=uploader, approver=head, now=now)
    assert batch.state == "applied"


def test_a_hash_of_an_older_secret_is_still_recognised(app):
    with app.app_context():
        app.config["SECRET_KEY_FALLBACKS"] = ["an older secret"]
        try:
            found = keyed.keyed_hashes("identity-document", "X1")
        finally:
            app.config["SECRET_KEY_FALLBACKS"] = []
    assert found[1] == keyed.hash_with("an older secret", "identity-document", "X1")
    assert found[0] != found[1]
    assert keyed.hash_with("s", "a", "x") != keyed.hash_with("s", "b", "x")


def test_needed_columns_and_cells_are_named(database, now):
    uploader = accounts.actor(accounts.person("registry"))
    batch = stages.upload(campus.gb18030([["学号", "性别"], ["1", "男"]]), kind="people", actor=uploader, now=now)
    looking.run(batch.id, stages.no_step)
    with pytest.raises(Rejected) as caught:
        intake.choose_columns(batch.id, header=1, columns={"number": 0}, actor=uploader, now=now)
    assert set(caught.value.fields) == {"column-name"}
    rows = [campus.PEOPLE_HEADINGS, campus.person(1, 姓名="", 院系="", 班级="")]
    planned = stages.planned(campus.gb18030(rows), kind="people", actor=uploader, now=now)
    assert planned.counts["reasons"] == {"empty": 1}


def test_the_same_register_again_marks_nobody_anew(database, now):
    accounts.role("student")
    uploader, head = (accounts.actor(accounts.person("registry")) for _ in range(2))
    people = [campus.person(n, 院系="", 班级="") for n in range(40)]

    def load(rows):
        data = campus.gb18030([campus.PEOPLE_HEADINGS, *rows])
        return stages.applied(data, kind="people", actor=uploader, approver=head, now=now, extent="whole")

    load(people)
    gone = load(people[1:])
    assert gone.counts["missing"] == 1
    load(people[:1] + people[2:])  # another one is missing, the first is back
    again = load(people[1:])  # that one is back; the first is not missing again, for this list was taken before
    assert (again.counts["missing"], again.counts["changed"], again.counts["same"]) == (0, 1, 38)
    assert load(people[1:]).state == "known"
    decisions.order_undo(gone.id, actor=head, now=now)
    application.undo(gone.id, actor=head, now=now)
    assert stages.batch(gone.id).problem["code"] == "undo_blocked"  # her mark has gone meanwhile


def test_who_left_and_returns_with_a_new_number_is_the_same_person(database, now):
    uploader, head = (accounts.actor(accounts.person("registry")) for _ in range(2))

    def load(row):
        data = campus.gb18030([campus.PEOPLE_HEADINGS, row])
        return stages.applied(data, kind="people", actor=uploader, approver=head, now=now)

    load(campus.person(1, 院系="", 班级=""))
    left = db.session.scalars(select(Person).where(Person.username == "2026000001")).one()
    left.valid_to = now.date()
    left.missing_since = now - timedelta(days=9)
    db.session.flush()
    back = load(campus.person(1, 学号="2027000001", 院系="", 班级=""))
    assert back.counts["changed"] == 1
    assert set(back.counts["fields"]) == {"number", "left", "missing"}
    db.session.refresh(left)
    assert (left.valid_to, left.missing_since, left.username) == (None, None, "2027000001")
    decisions.order_undo(back.id, actor=head, now=now)
    application.undo(back.id, actor=head, now=now)
    db.session.refresh(left)
    assert (left.valid_to, left.missing_since) == (now.date(), now - timedelta(days=9))
    assert left.username == "2026000001"


def listed(*people, headings=("学号", "姓名", "类别")):
    return [list(headings), *(list(each) for each in people)]


def test_a_number_twice_is_refused_whatever_it_is_a_number_of(registry, now):
    rows = listed(("2042000001", "王一", "学生"), ("2042000001", "李二", "教工"), ("2042000002", "周三", "教工"))
    batch = stages.planned(campus.gb18030(rows), kind="people", actor=registry, now=now)
    assert refusals(batch) == {2: ["number_twice"], 3: ["number_twice"]}
    assert batch.counts["new"] == 1


def test_of_numbers_that_would_be_one_account_name_the_first_is_one(registry, head, now):
    rows = listed(("B2042X", "王大", "学生"), ("b2042x", "李小", "学生"), ("2042000009", "周三", "学生"))
    batch = load(rows, registry, head, now)
    assert (batch.state, batch.counts["new"], remarks(batch)) == ("applied", 3, {3: ["account_name_taken"]})
    assert [by_number(each).username for each in ("B2042X", "b2042x", "2042000009")] == ["B2042X", None, "2042000009"]


def test_accounts_that_follow_their_numbers_into_one_name_do_not_jam(registry, head, now):
    load([campus.PEOPLE_HEADINGS, *(campus.person(n, 院系="", 班级="") for n in (1, 2))], registry, head, now)
    rows = [campus.person(1, 学号="K7", 院系="", 班级=""), campus.person(2, 学号="k7", 院系="", 班级="")]
    batch = load([campus.PEOPLE_HEADINGS, *rows], registry, head, now)
    assert (batch.state, remarks(batch)[3]) == ("applied", ["account_keeps_name", "number_changes"])
    assert [by_number(each).username for each in ("K7", "k7")] == ["K7", "2026000002"]
    assert taken_back(batch, head, now).state == "undone"
    assert [by_number(f"202600000{n}").username for n in (1, 2)] == ["2026000001", "2026000002"]


def test_a_number_that_is_no_account_name_is_a_number_all_the_same(registry, head, now):
    batch = load(listed(("2049/02", "王一", "学生"), ("7", "李二", "学生")), registry, head, now)
    assert remarks(batch) == {2: ["no_account_name"], 3: ["no_account_name"]}
    assert [by_number(each).username for each in ("2049/02", "7")] == [None, None]


def test_a_number_a_page_would_refuse_is_refused_unless_it_is_known(registry, head, now):
    known = accounts.person("student", name="陈旧", username="学2048")
    db.session.add(PersonIdentifier(person_id=known.id, kind="student_no", value="学2048"))
    db.session.flush()
    rows = listed(("学2048", "陈新", "学生"), ("学2049", "王一", "学生"))
    batch = load(rows, registry, head, now)
    assert (batch.state, refusals(batch)) == ("applied", {3: ["number_form"]})
    db.session.refresh(known)
    assert (known.name, known.username) == ("陈新", "学2048")


def test_a_list_by_the_number_of_somebody_merged_leaves_the_survivors_number(registry, head, now):
    load([campus.PEOPLE_HEADINGS, *(campus.person(n, 院系="", 班级="") for n in (1, 2))], registry, head, now)
    survivor = by_number("2026000001")
    by_number("2026000002").merged_into_id = survivor.id
    db.session.flush()
    batch = load([campus.PEOPLE_HEADINGS, campus.person(2, 姓名="新名字", 院系="", 班级="")], registry, head, now)
    assert (batch.state, batch.counts["fields"]) == ("applied", {"name": 1, "sex": 1, "birth_date": 1})
    assert (by_number("2026000001").name, survivor.username) == ("新名字", "2026000001")
    assert taken_back(batch, head, now).state == "undone"


CLASS = ("学号", "姓名", "班级")


def classes(number):
    """The class units of a person, by date: code, first day and the day after the last."""
    found = db.session.execute(
        select(OrgUnit.code, OrgMembership.during)
        .join(OrgMembership, OrgMembership.org_unit_id == OrgUnit.id)
        .where(OrgMembership.person_id == by_number(number).id, OrgUnit.kind == "class")
    )
    return sorted((row.code, row.during.lower, row.during.upper) for row in found if not row.during.isempty)


def belongs(number, code, start, end=None):
    unit = db.session.scalars(select(OrgUnit).where(OrgUnit.code == code)).one()
    db.session.add(OrgMembership(person_id=by_number(number).id, org_unit_id=unit.id, during=Range(start, end)))
    db.session.flush()


@pytest.mark.usefixtures("units")
@pytest.mark.parametrize("planned", ["C01", "C02"])
def test_who_will_belong_to_a_unit_later_belongs_to_one_until_then(registry, head, now, planned):
    """What was planned by hand stands, in the same unit as in another of its kind."""
    load(listed(("1001", "王一", ""), headings=CLASS), registry, head, now)
    today, later = now.date(), now.date() + timedelta(days=90)
    belongs("1001", planned, later)
    batch = load(listed(("1001", "王一", "C01"), headings=CLASS), registry, head, now)
    assert batch.state == "applied"
    assert classes("1001") == sorted([("C01", today, later), (planned, later, None)])
    assert taken_back(batch, head, now).state == "undone"
    assert classes("1001") == [(planned, later, None)]


@pytest.mark.usefixtures("units")
def test_who_leaves_a_unit_and_will_come_back_still_comes_back(registry, head, now):
    today, later = now.date(), now.date() + timedelta(days=90)
    load(listed(("1001", "王一", ""), headings=CLASS), registry, head, now)
    belongs("1001", "C01", today - timedelta(days=9), today + timedelta(days=9))
    belongs("1001", "C01", later)
    batch = load(listed(("1001", "王一", "C02"), headings=CLASS), registry, head, now)
    assert classes("1001") == [
        ("C01", today - timedelta(days=9), today),
        ("C01", later, None),
        ("C02", today, later),
    ]
    taken_back(batch, head, now)
    assert classes("1001") == [
        ("C01", today - timedelta(days=9), today + timedelta(days=9)),
        ("C01", later, None),
    ]


@pytest.mark.usefixtures("units")
def test_what_is_given_back_ends_as_before_whatever_is_planned_in_another_unit(registry, head, now):
    today, later = now.date(), now.date() + timedelta(days=90)
    load(listed(("1001", "王一", ""), headings=CLASS), registry, head, now)
    belongs("1001", "C01", today - timedelta(days=9))
    belongs("1001", "C02", later)
    batch = load(listed(("1001", "王一", "C02"), headings=CLASS), registry, head, now)
    assert ("C01", today - timedelta(days=9), today) in classes("1001")
    taken_back(batch, head, now)
    assert classes("1001") == [
        ("C01", today - timedelta(days=9), None),
        ("C02", later, None),
    ]


@pytest.mark.usefixtures("units")
def test_who_is_moved_leaves_all_units_of_the_kind(registry, head, now):
    """The one the list names takes the place of all she is in, and taking the list back gives all of them back."""
    today, began, later = now.date(), now.date() - timedelta(days=9), now.date() + timedelta(days=90)
    load(listed(("1001", "王一", ""), headings=CLASS), registry, head, now)
    belongs("1001", "C01", began)
    belongs("1001", "C02", began, later)
    before = classes("1001")
    batch = load(listed(("1001", "王一", "C03"), headings=CLASS), registry, head, now)
    assert (batch.state, batch.counts["fields"]) == ("applied", {"class": 1})
    assert classes("1001") == [("C01", began, today), ("C02", began, today), ("C03", today, None)]
    assert load(listed(("1001", "王一", "C03"), headings=CLASS), registry, head, now).state == "known"
    taken_back(batch, head, now)
    assert classes("1001") == before


@pytest.mark.usefixtures("units")
def test_what_is_given_back_the_day_after_goes_on_since_its_old_first_day(registry, head, now):
    """Also where somebody put her into the unit by hand meanwhile: what he wrote stands, and nothing overlaps."""
    today, began, next_day = now.date(), now.date() - timedelta(days=9), now.date() + timedelta(days=1)
    load(listed(("1001", "王一", ""), ("1002", "李二", ""), headings=CLASS), registry, head, now)
    for number in ("1001", "1002"):
        belongs(number, "C01", began)
    batch = load(listed(("1001", "王一", "C02"), ("1002", "李二", "C02"), headings=CLASS), registry, head, now)
    belongs("1002", "C01", today, next_day)
    assert taken_back(batch, head, now + timedelta(hours=20)).state == "undone"
    assert classes("1001") == [("C01", began, None), ("C02", today, next_day)]
    assert [span[1:] for span in classes("1002") if span[0] == "C01"] == [
        (began, today),
        (today, next_day),
        (next_day, None),
    ]


@pytest.mark.usefixtures("units")
@pytest.mark.parametrize("said", ["C01", "C02"])
def test_who_is_in_two_units_of_a_kind_stays_in_both_where_the_list_names_one(registry, head, now, said):
    today = now.date()
    load(listed(("1001", "王一", ""), headings=CLASS), registry, head, now)
    for code in ("C01", "C02"):
        belongs("1001", code, today - timedelta(days=9))
    assert load(listed(("1001", "王一", said), headings=CLASS), registry, head, now).state == "known"
    batch = load(listed(("1001", "王一一", said), headings=CLASS), registry, head, now)
    assert batch.state == "applied"
    taken_back(batch, head, now)
    assert classes("1001") == [(code, today - timedelta(days=9), None) for code in ("C01", "C02")]


@pytest.mark.usefixtures("units")
def test_a_list_that_names_no_class_ends_none(registry, head, now):
    load(listed(("1001", "王一", ""), headings=CLASS), registry, head, now)
    for code in ("C01", "C02"):
        belongs("1001", code, now.date())
    before = classes("1001")
    assert load(listed(("1001", "王一一", ""), headings=CLASS), registry, head, now).state == "applied"
    assert classes("1001") == before


@pytest.mark.usefixtures("units")
@pytest.mark.parametrize(("locale", "were"), [("en", "{0}, {1}"), ("zh-CN", "{0}、{1}")])
def test_all_units_that_end_are_shown(client, registry, head, now, locale, were):
    load(listed(("1001", "王一", ""), headings=CLASS), registry, head, now)
    for code in ("C01", "C02"):
        belongs("1001", code, now.date() - timedelta(days=9))
    batch = stages.planned(
        campus.gb18030(listed(("1001", "王一", "C03"), headings=CLASS)), kind="people", actor=registry, now=now
    )
    *names, third = (
        db.session.scalars(select(OrgUnit.name).where(OrgUnit.code == f"C0{each}")).one() for each in "123"
    )
    page = accounts.sign_in(client, accounts.person("admin", locale=locale)).get(f"/imports/{batch.id}").text
    assert f"</span>{were.format(*names)}</del>" in page
    assert f"</span>{third}</ins>" in page


def test_an_account_keeps_its_name_where_the_new_number_cannot_be_one(registry, head, now):
    rows = [("1001", "王一", "学生", "11010519491231002X"), ("1002", "李二", "学生", "440524188001010014")]
    headings = ("学号", "姓名", "类别", "身份证号")
    load(listed(*rows, headings=headings), registry, head, now)
    renumbered = [("A/7", *rows[0][1:]), ("1003", *rows[1][1:])]
    batch = load(listed(*renumbered, headings=headings), registry, head, now)
    assert (batch.state, by_number("A/7").username, by_number("1003").username) == ("applied", "1001", "1003")
    assert remarks(batch)[2] == ["account_keeps_name", "number_changes"]


def test_a_number_somebody_will_get_or_has_for_some_time_yet_jams_no_list(registry, head, now):
    """Numbers are given by who holds them without an end, from whatever day on."""
    holder, leaving = accounts.person("student"), accounts.person("student")
    later = now.date() + timedelta(days=90)
    numbers = [(holder, "1001", later, None), (leaving, "1002", None, later), (leaving, "1003", later, None)]
    for person, value, start, end in numbers:
        row = PersonIdentifier(person_id=person.id, kind="student_no", value=value, valid_from=start, valid_to=end)
        db.session.add(row)
    db.session.flush()
    rows = listed(("1001", holder.name, "学生"), ("1002", "新人", "学生"), ("1003", leaving.name, "学生"))
    batch = load(rows, registry, head, now)
    assert (batch.state, batch.counts["new"]) == ("applied", 1)
    assert [by_number(each).id for each in ("1001", "1003")] == [holder.id, leaving.id]
