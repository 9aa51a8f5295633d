"""Taking an import of people back: what it made is forgotten, what it changed is as before, what hangs on it stays."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from app.accounts.models import OrgMembership, OrgUnit, Person, PersonHome, PersonIdentifier
from app.audit import reading
from app.audit import services as audit
from app.audit.models import AuditEntry
from app.core import i18n
from app.core.db import db
from app.imports.models import ImportRow
from app.imports.services import application, decisions
from tests.factories import accounts, sites
from tests.imports import stages
from tests.imports.files import campus
from tests.imports.people import by_number, everybody, load, plan, table, taken_back

pytestmark = pytest.mark.usefixtures("units")


def test_an_import_of_people_is_undone_while_nothing_depends_on_it(registry, head, now):
    load(table(campus.person(1), campus.person(2)), registry, head, now)
    batch = load(
        table(campus.person(1, 学号="2027000001", 姓名="王改名", 班级="C20"), campus.person(3)), registry, head, now
    )
    decisions.order_undo(batch.id, actor=head, now=now)
    application.undo(batch.id, actor=head, now=now)
    left = stages.batch(batch.id)
    assert (left.state, left.problem) == ("undone", None)
    back = by_number("2026000001")
    assert (back.name, back.username) == (campus.person(1)[1], "2026000001")
    assert by_number("2026000003") is None
    assert plan(table(campus.person(1), campus.person(2)), registry, now).state == "known"


def test_people_an_undone_import_had_made_are_gone_and_new_as_before(registry, head, now):
    """Nobody stays behind as an ended account with telephone and address; the list is then taken as the first time."""
    before = everybody(registry, now)
    data = campus.people(3000)
    batch = load(data, registry, head, now)
    assert everybody(registry, now) == before + 3000
    assert taken_back(batch, head, now).state == "undone"
    assert everybody(registry, now) == before
    facts = (Person.name, Person.phone, Person.email, Person.birth_date, Person.username, Person.search)
    left = db.session.execute(select(*facts).where(Person.name == "")).all()
    assert {tuple(row) for row in left} == {("", None, None, None, None, "")}, "not even a telephone"
    for table_of in (PersonIdentifier, OrgMembership):
        assert db.session.scalar(select(func.count()).select_from(table_of)) == 0
    again = load(data, registry, head, now)
    assert (again.counts["new"], again.counts["same"], again.counts["refused"]) == (3000, 0, 0)
    assert everybody(registry, now) == before + 3000
    assert plan(data, registry, now).state == "known"


@pytest.mark.parametrize(("locale", "called"), [("en", "Person removed person"), ("zh-CN", "人员 已删除的人员")])
def test_who_was_taken_back_is_named_as_such_where_records_point_to_him(registry, head, now, locale, called):
    """The log keeps what was done to him meanwhile; an empty name would read as a fault."""
    batch = load(table(campus.person(1)), registry, head, now)
    person = by_number("2026000001")
    audit.record(registry, "session.revoke", "person", person.id, now=now, after={"handler": person.id})
    assert taken_back(batch, head, now).state == "undone"
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "person")).one()
    with i18n.speaking(locale):
        (read,) = reading.read([entry])
        assert read.object == called
        assert [now_so for _member, _was, now_so in read.changes] == [called.partition(" ")[2]]


def _role(person, now):
    accounts.role("technician")
    accounts.grant(person, "technician")


def _door(person, now):
    person.password_hash = "$argon2id$"


def _second_number(person, now):
    accounts.number(person, "T0088", kind="staff_no")


def _department(person, now):
    unit = OrgUnit(kind="department", code="HQ", name="后勤处")
    db.session.add(unit)
    db.session.flush()
    db.session.add(OrgMembership(person_id=person.id, org_unit_id=unit.id, during=_from(now)))


def _end(person, now):
    person.valid_to = now.date()


@pytest.mark.parametrize("give", [_role, _door, _second_number, _department, _end])
def test_what_people_were_given_since_is_not_deleted_with_them(registry, head, now, give):
    batch = load(table(campus.person(1), campus.person(2)), registry, head, now)
    give(by_number("2026000001"), now)
    db.session.flush()
    left = taken_back(batch, head, now)
    assert left.state == "applied"
    assert [why["code"] for why in left.problem["reasons"]] == ["changed_since_import"]
    assert everybody(registry, now) >= 2


def test_people_somebody_works_with_are_not_taken_back(registry, head, now):
    batch = load(table(campus.person(1)), registry, head, now)
    person = by_number("2026000001")
    db.session.add(PersonHome(person_id=person.id, place_id=sites.room().id, during=_from(now)))
    db.session.flush()
    decisions.order_undo(batch.id, actor=head, now=now)
    application.undo(batch.id, actor=head, now=now)
    left = stages.batch(batch.id)
    assert left.state == "applied"
    assert left.problem["reasons"][0]["params"] == {"what": "person_home"}


@pytest.mark.parametrize("told", [{"units_until": {"class": "2027-07-01"}}, {}], ids=["until", "without"])
def test_a_list_applied_before_plans_named_all_units_they_end_is_taken_back(registry, head, now, told):
    """Its rows keep the one unit of each kind by the kind, the day beside it or, older still, no day."""
    load(table(campus.person(1)), registry, head, now)
    batch = load(table(campus.person(1, 班级="C20")), registry, head, now + timedelta(days=1))
    row = db.session.scalars(select(ImportRow).where(ImportRow.batch_id == batch.id)).one()
    kept = dict(row.content)
    ((was, _day),) = kept.pop("units_ended").items()
    row.content = {**kept, "units_were": {"class": int(was)}, **told}
    left = taken_back(batch, head, now + timedelta(days=1))
    assert (left.state, left.problem) == ("undone", None)
    during = db.session.scalars(select(OrgMembership.during).where(OrgMembership.org_unit_id == int(was)))
    assert max(each.upper or date.max for each in during) == (date(2027, 7, 1) if told else date.max)


def _from(now):
    return Range(now.date(), None)
