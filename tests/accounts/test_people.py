"""People: lists by reach, the page of one, and every change of them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from app.accounts import queries, services
from app.accounts.models import OrgMembership, Person, PersonHome, PersonIdentifier
from app.accounts.services import people
from app.audit.models import AuditEntry
from app.core.actor import Actor
from app.core.errors import Rejected
from tests.counting import counted
from tests.editing import press, save
from tests.factories import accounts, sites

SYSTEM = Actor.system(1)


def make(name: str = "林晓", **more: object) -> Person:
    return services.create_person(SYSTEM, datetime.fromisoformat("2026-11-18T02:00:00Z"), name=name, **more)


@pytest.mark.parametrize("typed", ["林", "晓", "lx", "linxiao", "20231234", "1234", "LIN.X", "lin 2023"])
def test_people_are_found_by_name_number_account_and_pinyin(database: Session, frozen: datetime, typed: str) -> None:
    made = make(student_no="20231234", username="lin.x", password="vK7-mtq-93x-pLw")
    make("王芳", student_no="20239999")
    found = queries.people(SYSTEM, frozen, q=typed, permission="people.read")
    assert [line.id for line in found.items] == [made.id]
    assert found.items[0].number == "20231234"


@pytest.mark.parametrize("typed", ["%", "_", "\\", "'; --", "𠮷", "lin%"])
def test_wildcards_are_letters(database: Session, frozen: datetime, typed: str) -> None:
    make()
    assert queries.people(SYSTEM, frozen, q=typed).items == []


def test_the_list_runs_a_constant_number_of_statements(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("admin"))
    unit = accounts.org_unit()

    def add(count: int) -> None:
        for number in range(count):
            made = accounts.person("student", "technician")
            accounts.number(made, f"2023{made.id}{number}")
            accounts.member_of(made, unit)

    add(2)
    client.get("/people")  # the first request also reads the institution
    with counted() as few:
        assert client.get("/people").status_code == 200
    add(20)
    with counted() as many:
        assert client.get("/people").status_code == 200
    assert len(few) == len(many) <= 12  # the numbers in the navigation among them


def test_pages_of_the_list_hold_everybody_once(database: Session, frozen: datetime) -> None:
    wanted = {make(f"张{n}").id for n in range(7)}
    seen: list[int] = []
    cursor = None
    while True:
        found = queries.people(SYSTEM, frozen, cursor=cursor, limit=3)
        seen += [line.id for line in found.items]
        cursor = found.next
        if cursor is None:
            break
    assert sorted(seen) == sorted(wanted)


def test_filters(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", name="管理员", locale="en"))
    college = accounts.org_unit()
    group = accounts.org_unit("软件2601", kind="class", parent=college)
    worker = accounts.person("technician", name="王师傅")
    pupil = accounts.person("student", name="李同学")
    accounts.member_of(pupil, group)
    gone = accounts.person(name="赵离校", disabled_at=frozen)
    accounts.person(name="陈失联", missing_since=frozen)

    def shown(query: str) -> set[str]:
        html = client.get(f"/people?{query}").text
        return {name for name in ("王师傅", "李同学", "赵离校", "陈失联") if f">{name}</a>" in html}

    assert shown("role=technician") == {worker.name}
    assert shown(f"unit={college.id}") == {pupil.name}
    assert shown("state=disabled") == {gone.name}
    assert shown("state=missing") == {"陈失联"}
    assert shown("state=active") == {worker.name, pupil.name}
    assert client.get("/people?state=nonsense").status_code == 422
    assert client.get("/people?cursor=zzz").status_code == 422


@pytest.mark.parametrize("kind", ["org", "crew", "building", "campus", "own"])
def test_the_reader_sees_only_whom_the_scope_reaches(
    client: FlaskClient, database: Session, frozen: datetime, kind: str
) -> None:
    """Lists leave the others out, their pages answer 404."""
    campus = sites.campus()
    building = sites.building(campus)
    room = sites.room(sites.floor(building))
    far = sites.room(sites.building(sites.campus("北校区"), "北苑1号楼"))
    college, other = accounts.org_unit(), accounts.org_unit("数学学院")
    near, foreign = accounts.person(name="近"), accounts.person(name="远")
    for person, place, unit in ((near, room, college), (foreign, far, other)):
        accounts.home(person, place.id)
        accounts.member_of(person, unit)
    crew = accounts.crew(near)
    accounts.crew(foreign, name="电梯班")
    scopes = {"org": college.id, "crew": crew.id, "building": building.id, "campus": campus.id, "own": None}
    reader = near if kind == "own" else accounts.person(name="读者")
    accounts.grant(reader, "registry", scope_kind=kind, scope_id=scopes[kind])
    accounts.sign_in(client, reader)
    html = client.get("/people").text
    assert ">近</a>" in html
    assert ">远</a>" not in html
    assert client.get(f"/people/{near.id}").status_code == 200
    assert client.get(f"/people/{foreign.id}").status_code == 404
    assert client.get("/people/999999999999").status_code == 404
    assert client.get("/people/99999999999999999999").status_code == 404
    assert client.get("/people/x").status_code == 404


def test_acts_and_sessions_are_shown_where_the_right_to_change_reaches(client: FlaskClient, database: Session) -> None:
    """Who reads everybody and changes the people of one building."""
    room = sites.room()
    near, far = accounts.person(name="近"), accounts.person(name="远")
    accounts.home(near, room.id)
    reader = accounts.person("registry", locale="en")
    accounts.grant(reader, "admin", scope_kind="building", scope_id=room.building_id)
    accounts.sign_in(client, reader)
    for person, reached in ((near, True), (far, False)):
        page = client.get(f"/people/{person.id}").text
        for act in ("edit", "home", "units", "identifiers"):
            assert (f'href="/people/{person.id}/{act}"' in page) is reached, act
        assert ("Not signed in anywhere." in page) is reached


def test_a_person_is_made_and_changed_on_pages(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    assert client.get("/people/new").status_code == 200
    data = {"name": "曾小明", "student_no": "2023001", "username": "zeng", "password": "vK7-mtq-93x-pLw", "sex": "M"}
    weak = client.post("/people/new", data={**data, "password": "zengxiaoming1"})
    assert weak.status_code == 422
    assert "easy to guess" in weak.text
    assert "zengxiaoming1" not in weak.text
    answer = client.post("/people/new", data=data)
    assert answer.status_code == 302
    made = database.scalars(select(Person).where(Person.username == "zeng")).one()
    assert (made.sort_key, made.must_change_password) == ("zeng xiao ming", True)
    assert "zxm" in made.search
    page = client.get(answer.location)
    assert "2023001" in page.text
    nameless = client.post("/people/new", data={**data, "student_no": "2023002", "username": ""})
    assert "An account needs a name to sign in with." in nameless.text
    taken = client.post("/people/new", data={**data, "student_no": "2023002", "username": "ZENG"})
    assert "This account name is taken" in taken.text
    known = client.post("/people/new", data={**data, "username": "other"})
    assert "Student number: Somebody else has this number." in known.text
    assert known.text.count("Somebody else has this number.") == 2  # above and beside the field
    edited = {"name": "曾晓明", "username": "zeng", "valid_to": "2027-06-30", "sex": "M", "email": "z@example.edu.cn"}
    assert save(client, f"/people/{made.id}/edit", edited).status_code == 302
    assert (made.name, made.valid_to, made.email) == ("曾晓明", date(2027, 7, 1), "z@example.edu.cn")
    assert 'value="2027-06-30"' in client.get(f"/people/{made.id}/edit").text
    entry = database.scalars(select(AuditEntry).where(AuditEntry.verb == "person.edit")).one()
    assert entry.before == {"name": "曾小明", "email": None, "valid_to": None}
    assert entry.after is not None
    assert entry.after["valid_to"] == "2027-07-01"


def test_what_an_older_list_has_brought_hinders_no_change(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    person = accounts.person("student", username="学2049")
    person.phone, person.email = "12", "notmail"
    database.flush()
    address, kept = f"/people/{person.id}/edit", {"username": "学2049", "phone": "12", "email": "notmail", "sex": "F"}
    assert save(client, address, {**kept, "name": "林晓"}).status_code == 302
    assert (person.name, person.username, person.phone, person.email) == ("林晓", "学2049", "12", "notmail")
    bad = save(client, address, {"name": "林晓", "username": "学2050", "phone": "11", "email": "nomail", "sex": "F"})
    assert bad.status_code == 422
    for said in ("Use 2 to 64 letters", "Write 3 to 20 digits", "This is not an e-mail address"):
        assert said in bad.text
    assert save(client, address, {**kept, "name": "林晓", "phone": "8123"}).status_code == 302
    assert person.phone == "8123"


def test_a_merged_person_leads_to_the_survivor(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("admin"))
    survivor = accounts.person()
    merged = accounts.person(merged_into_id=survivor.id)
    assert client.get(f"/people/{merged.id}").location == f"/people/{survivor.id}"


def test_numbers_are_dated(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    made, other = make(student_no="2023001"), make("王芳", student_no="2023777")
    assert client.get(f"/people/{made.id}/identifiers").status_code == 200
    url = f"/people/{made.id}/identifiers"
    assert client.post(url, data={"kind": "student_no", "value": "2023777"}).status_code == 422
    assert client.post(url, data={"kind": "identity_document", "value": "1"}).status_code == 422
    assert client.post(url, data={"kind": "student_no", "value": "2023002"}).status_code == 302
    assert "has this number already" in client.post(url, data={"kind": "student_no", "value": "2023002"}).text
    held = {each.value: each.valid_to for each in queries.identifiers(made.id)}
    assert held == {"2023001": date(2026, 11, 18), "2023002": None}
    assert queries.current_number(made.id) == "2023002"
    present = next(each for each in queries.identifiers(made.id) if each.valid_to is None)
    assert client.post(f"/people/{other.id}/identifiers/{present.id}/end").status_code == 404
    assert client.post(f"/people/{made.id}/identifiers/{present.id}/end").status_code == 302
    assert queries.current_number(made.id) is None
    assert people.add_identifier(SYSTEM, other, kind="student_no", value="2023002", now=frozen)  # free again


def spans(person: Person) -> list[tuple[int, date | None, date | None]]:
    rows = queries.homes(person.id)
    kept = [(row.place_id, row.during.lower, row.during.upper) for row in rows if not row.during.isempty]
    return sorted(kept, key=lambda row: row[1] or date.min)


def test_homes_give_way_and_never_overlap(database: Session, frozen: datetime) -> None:
    person = accounts.person()
    first, second, third = (sites.room(code=f"R{n}").id for n in range(3))
    day = date.fromisoformat

    def move(place_id: int | None, start: str, end: str | None = None) -> None:
        until = day(end) if end else None
        services.set_home(person.id, place_id, day(start), until, actor=SYSTEM, now=frozen)

    move(first, "2025-09-01")
    move(second, "2026-09-01")
    assert spans(person) == [
        (first, day("2025-09-01"), day("2026-09-01")),
        (second, day("2026-09-01"), None),
    ]
    assert queries.home_place(person.id, frozen) is not None
    move(third, "2026-12-01", "2027-01-01")  # away for a month
    assert spans(person)[1:] == [
        (second, day("2026-09-01"), day("2026-12-01")),
        (third, day("2026-12-01"), day("2027-01-01")),
        (second, day("2027-01-01"), None),
    ]
    move(first, "2026-08-15", "2027-03-01")  # a correction over several rows
    assert spans(person) == [
        (first, day("2025-09-01"), day("2026-08-15")),
        (first, day("2026-08-15"), day("2027-03-01")),
        (second, day("2027-03-01"), None),
    ]
    assert database.query(PersonHome).filter_by(person_id=person.id).count() == 6  # overwritten rows stay, empty
    move(None, "2027-06-01")
    assert spans(person)[-1] == (second, day("2027-03-01"), day("2027-06-01"))
    with pytest.raises(Rejected):
        move(first, "2027-01-01", "2027-01-01")
    closed = sites.room(code="R9")
    closed.valid_to = day("2026-10-01")
    move(closed.id, "2026-09-30")  # it was still there
    for gone, on in ((999_999, "2027-01-01"), (closed.id, "2026-10-01")):
        with pytest.raises(Rejected) as refused:
            move(gone, on)
        assert set(refused.value.fields) == {"place_id"}


def test_the_home_on_the_page(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    person, room = accounts.person(), sites.room(code="TY3-412")
    url = f"/people/{person.id}/home"
    assert client.get(url).status_code == 200
    assert "TY3-412" in client.get(f"{url}?place_id={room.id}").text  # back from the picker's own page
    nothing = client.post(url, data={"start": "2026-09-01"})
    assert nothing.status_code == 422
    assert "Choose a place" in nothing.text
    unknown = client.post(url, data={"place_id": "99999", "start": "2026-09-01"})
    assert unknown.status_code == 422
    assert "This place does not exist. Choose it again." in unknown.text
    data = {"place_id": str(room.id), "start": "2026-09-01", "end": "2027-06-30"}
    assert client.post(url, data={**data, "end": "2026-08-30"}).status_code == 422
    assert client.post(url, data=data).status_code == 302
    assert spans(person) == [(room.id, date(2026, 9, 1), date(2027, 7, 1))]
    assert "1 Sep 2026" in client.get(f"/people/{person.id}").text
    assert client.post(url, data={"nowhere": "1", "start": "2026-11-01"}).status_code == 302
    assert spans(person) == [(room.id, date(2026, 9, 1), date(2026, 11, 1))]


def test_units_on_the_page(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    person, unit = accounts.person(), accounts.org_unit("机械学院")
    assert client.get(f"/people/{person.id}/units").status_code == 200
    url = f"/people/{person.id}/units"
    assert client.post(url, data={"unit": "nope", "start": "2026-09-01"}).status_code == 422
    backwards = client.post(url, data={"unit": unit.code, "start": "2026-09-01", "end": "2026-08-01"})
    assert "The end must lie after the beginning." in backwards.text
    assert client.post(url, data={"unit": unit.code, "start": "2026-09-01"}).status_code == 302
    assert client.post(url, data={"unit": unit.code, "start": "2026-10-01"}).status_code == 409
    other = accounts.person()
    assert client.post(f"/people/{other.id}/units", data={"unit": "机械学院", "start": "2026-09-01"}).status_code == 302
    accounts.org_unit("机械学院")
    unclear = client.post(f"/people/{other.id}/units", data={"unit": "机械学院", "start": "2027-09-01"})
    assert "or this name alone" in unclear.text
    held = database.scalars(select(OrgMembership).where(OrgMembership.person_id == person.id)).one()
    assert "机械学院" in client.get(f"/people/{person.id}").text
    assert client.post(f"{url}/{held.id}/end").status_code == 302
    database.refresh(held)
    assert held.during == Range(date(2026, 9, 1), date(2026, 11, 18))
    assert client.post(f"{url}/{held.id}/end").status_code == 404


def test_the_account_on_the_page(client: FlaskClient, database: Session, frozen: datetime) -> None:
    admin = accounts.person("admin", locale="en")
    person = accounts.person("student", username="lin")
    accounts.token(person)
    services.open_session(person, address="10.0.0.1", device=None, now=frozen)
    accounts.sign_in(client, admin)
    assert "10.0.0.1" in client.get(f"/people/{person.id}").text
    page = f"/people/{person.id}"
    assert press(client, page, f"{page}/disable").status_code == 302
    assert person.disabled_at == frozen
    assert queries.live_sessions(person.id, frozen) == []
    assert press(client, page, f"{page}/enable").status_code == 302
    assert person.disabled_at is None
    assert client.get(f"/people/{person.id}/password").status_code == 200
    drawn = client.post(f"/people/{person.id}/password", data={})
    assert drawn.status_code == 200
    assert person.must_change_password
    assert client.post(f"/people/{admin.id}/disable").status_code == 302
    assert admin.disabled_at is None  # nobody closes the own account
    own = client.post(f"/people/{admin.id}/password", data={"password": "vK7-mtq-93x-pLw"})
    assert own.status_code == 422
    assert client.post(f"/people/{person.id}/sessions/revoke").status_code == 302


def test_a_token_of_somebody_is_revoked_by_an_administrator(
    client: FlaskClient, database: Session, frozen: datetime
) -> None:
    accounts.sign_in(client, accounts.person("admin"))
    person, other = accounts.person(), accounts.person()
    headers = accounts.token(person)
    token = queries.live_tokens(person.id, frozen)[0]
    assert client.post(f"/people/{other.id}/tokens/{token.id}/revoke").status_code == 404
    assert client.post(f"/people/{person.id}/tokens/{token.id}/revoke").status_code == 302
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_what_others_rely_on(database: Session, frozen: datetime) -> None:
    one, two = accounts.person(name="甲"), accounts.person(name="乙")
    crew = accounts.crew(one, two)
    with counted() as statements:
        assert queries.names([one.id, None, two.id, 10**15]) == {one.id: "甲", two.id: "乙"}
        assert set(queries.by_ids([one.id, two.id])) == {one.id, two.id}
        assert queries.crew_members([crew.id], date(2026, 11, 18)) == {crew.id: sorted([one.id, two.id])}
        assert [each.id for each in queries.crews_of(one.id, date(2026, 11, 18))] == [crew.id]
    assert len(statements) == 4
    assert queries.names([]) == {}


def test_one_person_is_meant_by_a_number(database: Session, frozen: datetime) -> None:
    made = make(student_no="2023001")
    make("林小", student_no="20230019")
    found = queries.find_one(SYSTEM, "people.lookup", " 2023001 ", frozen)
    assert [line.id for line in found] == [made.id]
    assert len(queries.find_one(SYSTEM, "people.lookup", "lx", frozen)) == 2
    assert queries.find_one(SYSTEM, "people.lookup", " ", frozen) == []


def test_two_people_never_share_a_number(database: Session) -> None:
    one, two = accounts.person(), accounts.person()
    database.add(PersonIdentifier(person_id=one.id, kind="staff_no", value="G1"))
    database.flush()
    with pytest.raises(Rejected):
        people.add_identifier(
            SYSTEM, two, kind="staff_no", value="G1", now=datetime.fromisoformat("2026-11-18T02:00:00Z")
        )


def test_nobody_is_put_into_a_unit_closed_meanwhile(database: Session, frozen: datetime) -> None:
    unit, day = accounts.org_unit(), frozen.date()
    unit.valid_to = day
    with pytest.raises(Rejected) as refused:
        people.add_membership(SYSTEM, accounts.person(), org_unit_id=unit.id, start=day, end=None, now=frozen)
    assert set(refused.value.fields) == {"unit"}
    assert database.scalars(select(OrgMembership)).all() == []


def test_only_what_may_be_edited_is_changed(database: Session, frozen: datetime) -> None:
    person = accounts.person()
    with pytest.raises(TypeError, match="password_hash"):
        people.update_person(SYSTEM, person, frozen, name="别人", password_hash="x")
    assert (person.name != "别人", person.password_hash) == (True, accounts.password_hash())


def test_an_account_closed_or_opened_twice_is_logged_once(database: Session, frozen: datetime) -> None:
    person = accounts.person()
    for act in (people.disable, people.enable):
        for later in (0, 1):
            act(SYSTEM, person, frozen + later * timedelta(hours=1))
        assert person.disabled_at == (frozen if act is people.disable else None)
    verbs = database.scalars(select(AuditEntry.verb).where(AuditEntry.object_id == person.id).order_by(AuditEntry.id))
    assert verbs.all() == ["person.disable", "person.enable"]


@pytest.mark.parametrize("kind", ["org", "crew", "building", "campus"])
def test_whom_a_scope_reaches_is_asked_once_and_not_for_each_person(database: Session, kind: str) -> None:
    """A select within that names the person is run anew for each of 20,000."""
    reader = accounts.person()
    accounts.grant(reader, "registry", scope_kind=kind, scope_id=1)
    actor = accounts.actor(reader)
    asked = str(select(Person.id).where(queries.reached(actor, "people.read", date(2026, 11, 18))))
    within = asked.split("person.id) IN (", 1)[1]
    assert not re.search(r"\bperson\.", within), asked
