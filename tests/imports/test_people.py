"""The register: who is the same person, who is missing, who decides (dorms-rules E)."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import OrgMembership, OrgUnit, PersonIdentifier
from app.core import keyed
from app.core.db import db
from app.core.errors import NotAllowed, Rejected
from app.imports.models import ImportChunk, ImportRow
from app.imports.services import application, decisions
from tests.counting import counted
from tests.factories import accounts
from tests.imports import stages
from tests.imports.files import campus
from tests.imports.people import by_number, load, plan, refusals, remarks, students, table

pytestmark = pytest.mark.usefixtures("units")


def test_a_connection_that_knew_a_small_register_plans_anew(registry, head, now):
    """The checks of foreign keys, planned while the register was small, would read all of it for each row."""
    batch = stages.planned(campus.gb18030(campus.people(30)), kind="people", actor=registry, now=now)
    decisions.approve(batch.id, actor=head, now=now, looked_at=True, background=False)
    with counted() as seen:
        application.run(batch.id, stages.no_step, actor=head, now=now)
    people = next(at for at, said in enumerate(seen) if said.startswith("INSERT INTO person "))
    assert "DISCARD PLANS" in seen[people + 1 :]


def test_twenty_thousand_people_are_taken_after_approval_and_then_known(registry, head, now):
    data = campus.gb18030(campus.people(20_000))
    began = time.monotonic()
    batch = stages.planned(data, kind="people", actor=registry, now=now)
    assert batch.state == "waiting"
    assert (batch.counts["read"], batch.counts["new"], batch.counts["refused"]) == (20_000, 20_000, 0)
    assert students() == 0
    with pytest.raises(NotAllowed):
        decisions.approve(batch.id, actor=registry, now=now, looked_at=True)
    decisions.approve(batch.id, actor=head, now=now, looked_at=True, background=False)
    application.run(batch.id, stages.no_step, actor=head, now=now)
    assert stages.batch(batch.id).state == "applied"
    assert students() == 20_000
    assert time.monotonic() - began < 120
    again = stages.planned(data, kind="people", actor=registry, now=now)
    assert (again.state, again.counts["same"], again.counts["refused"]) == ("known", 20_000, 0)


def test_a_document_is_recognised_but_nowhere_to_be_read(registry, head, now):
    batch = load(table(campus.person(1)), registry, head, now)
    number = campus.unique_document(1)
    kept = db.session.scalars(select(PersonIdentifier).where(PersonIdentifier.kind == "identity_document")).one()
    assert kept.value == f"resident:{keyed.keyed_hashes('identity-document', number)[0]}"
    assert kept.last_four == number[-4:]
    rows = db.session.execute(select(ImportRow.content, ImportRow.diff, ImportRow.reasons, ImportRow.remarks)).all()
    assert number not in str(rows)
    assert number not in str(stages.batch(batch.id).layout)
    assert db.session.scalars(select(ImportChunk.id)).first() is None


def test_refused_rows_show_the_last_four_only(registry, now):
    bad = campus.unique_document(1)[:-1] + ("1" if campus.unique_document(1)[-1] != "1" else "2")
    batch = plan(table(campus.person(1, 身份证号=bad)), registry, now)
    row = db.session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id)).one()
    assert row.reasons[0]["code"] == "document_check"
    assert row.reasons[0]["value"] == f"••••{bad[-4:]}"
    assert bad not in str(row.content)


def test_a_known_document_with_a_new_number_is_the_same_person(registry, head, now):
    load(table(campus.person(1)), registry, head, now)
    before = by_number("2026000001")
    batch = load(table(campus.person(1, 学号="2027000009")), registry, head, now)
    after = by_number("2027000009")
    assert after.id == before.id
    assert after.username == "2027000009"
    assert "2026000001" not in after.search
    assert by_number("2026000001") is None
    assert remarks(batch) == {2: ["number_changes"]}
    old = db.session.scalars(select(PersonIdentifier).where(PersonIdentifier.value == "2026000001")).one()
    assert old.valid_to is not None  # still to be looked up


def test_a_number_of_somebody_with_another_document_is_refused(registry, head, now):
    load(table(campus.person(1), campus.person(2)), registry, head, now)
    batch = plan(table(campus.person(1, 学号="2026000002")), registry, now)
    assert refusals(batch) == {2: ["number_of_another"]}
    stranger = campus.person(3, 学号="2026000002")
    assert refusals(plan(table(stranger), registry, now)) == {2: ["number_of_another"]}


def test_a_swap_of_numbers_is_applied_together(registry, head, now):
    load(table(campus.person(1), campus.person(2)), registry, head, now)
    first, second = by_number("2026000001").id, by_number("2026000002").id
    batch = load(table(campus.person(1, 学号="2026000002"), campus.person(2, 学号="2026000001")), registry, head, now)
    assert batch.counts["changed"] == 2
    assert (by_number("2026000002").id, by_number("2026000001").id) == (first, second)
    assert by_number("2026000002").username == "2026000002"


def test_a_chain_of_numbers_falls_as_a_whole_when_its_end_is_refused(registry, head, now):
    load(table(*(campus.person(n) for n in (1, 2, 3))), registry, head, now)
    chain = table(
        campus.person(1, 学号="2026000002"),
        campus.person(2, 学号="2026000003"),
        campus.person(3, 学号="2.03E+09"),
    )
    found = refusals(plan(chain, registry, now))
    assert found == {2: ["number_of_another"], 3: ["number_of_another"], 4: ["scientific"]}


def test_a_new_person_may_take_a_number_its_holder_leaves_in_the_same_file(registry, head, now):
    load(table(campus.person(1)), registry, head, now)
    batch = load(table(campus.person(1, 学号="2027000001"), campus.person(5, 学号="2026000001")), registry, head, now)
    assert (batch.counts["changed"], batch.counts["new"]) == (1, 1)
    assert by_number("2026000001").name == campus.person(5)[1]


def test_without_a_document_number_and_name_decide(registry, head, now):
    load(table(campus.person(1), campus.person(2, 身份证号="")), registry, head, now)
    batch = plan(table(campus.person(1, 身份证号=""), campus.person(2), campus.person(3, 身份证号="")), registry, now)
    assert batch.counts["same"] == 1
    assert batch.counts["changed"] == 1  # the document is attached
    assert batch.counts["new"] == 1
    renamed = plan(table(campus.person(1, 身份证号="", 姓名="完全不同")), registry, now)
    assert remarks(renamed) == {2: ["name_differs"]}
    confirmed = plan(table(campus.person(1, 姓名="完全不同")), registry, now)
    assert remarks(confirmed) == {2: ["name_changes"]}


def test_doubles_in_the_file_are_all_refused(registry, now):
    doubles = table(
        campus.person(1),
        campus.person(2, 学号="2026000001"),
        campus.person(3),
        campus.person(4, 身份证号=campus.unique_document(3)),
        campus.person(5),
    )
    assert refusals(plan(doubles, registry, now)) == {
        2: ["number_twice"],
        3: ["number_twice"],
        4: ["document_twice"],
        5: ["document_twice"],
    }


def test_one_person_under_two_numbers_is_refused(registry, head, now):
    load(table(campus.person(1)), registry, head, now)
    both = table(campus.person(1, 学号="2027000001"), campus.person(1, 身份证号=""))
    assert refusals(plan(both, registry, now)) == {2: ["same_person"], 3: ["same_person"]}


def test_one_person_under_three_numbers_is_refused_once_a_row(registry, head, now):
    """By her document, by the number she has as a student and by the one she has as staff."""
    load(table(campus.person(1)), registry, head, now)
    her = by_number("2026000001")
    accounts.number(her, "G1", kind="staff_no")
    rows = [
        ["学号", "姓名", "身份证号", "人员类别"],
        ["2027000001", her.name, campus.unique_document(1), "学生"],
        ["2026000001", her.name, "", "学生"],
        ["G1", her.name, "", "教工"],
    ]
    assert refusals(plan(rows, registry, now)) == {2: ["same_person"], 3: ["same_person"], 4: ["same_person"]}


def test_an_approval_that_comes_after_a_day_has_it_planned_anew(registry, head, now):
    batch = plan(table(campus.person(1)), registry, now)
    late = decisions.approve(batch.id, actor=head, now=now + timedelta(hours=25), looked_at=True, background=False)
    assert (late.state, late.decided_by, by_number("2026000001")) == ("planning", None, None)
    assert stages.noted(batch.id) == [("upload", "person")]  # nothing was approved


def test_swapped_names_are_pointed_out(registry, head, now):
    one, two = campus.person(1), campus.person(2)
    load(table(one, two), registry, head, now)
    batch = plan(table(campus.person(1, 姓名=two[1]), campus.person(2, 姓名=one[1])), registry, now)
    assert remarks(batch) == {2: ["names_swapped", "name_changes"], 3: ["names_swapped", "name_changes"]}


def test_who_is_missing_is_marked_inside_the_declared_extent_only_and_comes_back(registry, head, now):
    people = [campus.person(n) for n in range(30)] + [campus.person(n, 院系="0701", 班级="") for n in range(30, 60)]
    load(table(*people), registry, head, now)
    assert plan(table(*people[1:]), registry, now).counts["missing"] == 0
    batch = load(table(*people[1:30]), registry, head, now, extent="0817")
    assert batch.counts["missing"] == 1
    gone = by_number("2026000000")
    assert gone.missing_since == now
    assert gone.disabled_at is None
    assert plan(table(*people[1:30]), registry, now, extent="0817").counts["missing"] == 0  # known, marked already
    back = load(table(people[0]), registry, head, now)
    assert remarks(back) == {2: ["back_again"]}
    assert by_number("2026000000").missing_since is None


def test_who_went_missing_since_comes_back_by_a_list_that_was_taken_before(registry, head, now):
    first, *others = people = [campus.person(n) for n in range(30)]
    load(table(*people), registry, head, now)
    assert load(table(*others), registry, head, now, extent="whole").counts["missing"] == 1
    back = load(table(*people), registry, head, now)
    assert (remarks(back), back.counts["changed"], back.counts["same"]) == ({2: ["back_again"]}, 1, 29)
    assert by_number(first[0]).missing_since is None
    assert plan(table(*people), registry, now).state == "known"
    by_number(first[0]).valid_to = now.date()  # left, by hand: no list of before takes that back
    db.session.flush()
    assert plan(table(*people), registry, now).state == "known"
    by_number(first[0]).missing_since = now  # nor where a list had missed her first
    db.session.flush()
    assert plan(table(*people), registry, now).state == "known"


def test_a_refused_row_does_not_make_its_person_missing(registry, head, now):
    people = [campus.person(n) for n in range(40)]
    load(table(*people), registry, head, now)
    people[3] = campus.person(3, 出生日期="2006-02-30")
    batch = plan(table(*people), registry, now, extent="whole")
    assert (batch.counts["missing"], batch.counts["refused"]) == (0, 1)


def test_more_than_five_per_cent_missing_stops_the_file(registry, head, now):
    people = [campus.person(n) for n in range(40)]
    load(table(*people), registry, head, now)
    batch = plan(table(*people[:37]), registry, now, extent="whole")
    assert (batch.state, batch.problem["code"]) == ("failed", "too_many_missing")
    assert batch.problem["params"] == {"missing": 3, "all": 40, "limit": 5}
    assert plan(table(*people), registry, now, extent="9999").problem["code"] == "unknown_extent"


def test_a_new_person_like_a_missing_one_is_pointed_out(registry, head, now):
    people = [campus.person(n) for n in range(30)]
    load(table(*people), registry, head, now)
    twin = campus.person(0, 学号="2027000000", 身份证号="")
    batch = plan(table(*people[1:], twin), registry, now, extent="whole")
    assert (batch.counts["missing"], batch.counts["new"]) == (1, 1)
    assert remarks(batch) == {31: ["like_missing"]}


def test_numbers_of_a_merged_person_lead_to_the_survivor(registry, head, now):
    load(table(campus.person(1), campus.person(2)), registry, head, now)
    survivor, merged = by_number("2026000001"), by_number("2026000002")
    merged.merged_into_id = survivor.id
    db.session.flush()
    batch = plan(table(campus.person(2, 班级="C09")), registry, now)
    row = db.session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id)).one()
    assert (row.outcome, row.target_id) == ("changed", survivor.id)


def test_units_are_found_by_code_or_name_and_change_from_today(registry, head, now):
    load(table(campus.person(1, 院系="化工学院")), registry, head, now)
    person = by_number("2026000001")
    load(table(campus.person(1, 院系="数学学院", 班级="")), registry, head, now)
    rows = db.session.execute(
        select(OrgUnit.code, OrgMembership.during)
        .join(OrgMembership, OrgMembership.org_unit_id == OrgUnit.id)
        .where(OrgMembership.person_id == person.id, OrgUnit.kind == "college")
        .order_by(OrgMembership.id)
    ).all()
    assert [(row.code, row.during.isempty) for row in rows] == [("0817", True), ("0701", False)]
    assert refusals(plan(table(campus.person(2, 院系="0871")), registry, now)) == {2: ["no_such_unit"]}


def test_sex_by_the_national_table_and_unknown_never_replaces_known(registry, head, now):
    load(table(campus.person(1), campus.person(2, 性别码="9")), registry, head, now)
    assert (by_number("2026000001").sex, by_number("2026000002").sex) == ("F", "U")
    batch = plan(table(campus.person(1, 性别码="0"), campus.person(2, 性别码="1")), registry, now)
    assert (batch.counts["same"], batch.counts["changed"]) == (1, 1)


def test_forty_changed_numbers_three_names_two_doubles_and_25_missing_keep_everybody(registry, head, now):
    """dorms.md, registry re-import: nothing before approval, afterwards everything hangs on the same persons."""
    people = [campus.person(n) for n in range(1000)]
    load(table(*people), registry, head, now)
    before = {campus.unique_document(n): by_number(f"2026{n:06d}").id for n in (0, 39, 500)}
    file = []
    for n in range(975):  # 25 are missing
        changed = {"学号": f"2027{n:06d}"} if n < 40 else {}
        if n in (500, 501, 502):
            changed["姓名"] = f"新名{n}"
        file.append(campus.person(n, **changed))
    file += [campus.person(970), campus.person(971)]
    batch = plan(table(*file), registry, now, extent="whole")
    counts = batch.counts
    assert (counts["changed"], counts["missing"], counts["refused"]) == (43, 25, 4)
    assert by_number("2026000000") is not None
    with pytest.raises(Rejected) as unseen:
        decisions.approve(batch.id, actor=head, now=now, looked_at=False, background=False)
    assert list(unseen.value.fields) == ["looked_at"], "three names change: each is looked at"
    decisions.approve(batch.id, actor=head, now=now, looked_at=True, background=False)
    application.run(batch.id, stages.no_step, actor=head, now=now)
    assert by_number("2027000000").id == before[campus.unique_document(0)]
    assert by_number("2027000039").id == before[campus.unique_document(39)]
    assert by_number("2026000500").id == before[campus.unique_document(500)]
    assert by_number("2026000990").missing_since == now
