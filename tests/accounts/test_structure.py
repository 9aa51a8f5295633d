"""Crews and org units."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import queries
from app.accounts.models import Crew, CrewMember, OrgUnit, Role
from app.accounts.services import structure
from app.audit.models import AuditEntry
from app.core.actor import Actor
from tests.counting import counted
from tests.editing import press, save
from tests.factories import accounts


def test_a_crew_from_its_making_to_its_end(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    assert "No crews yet" in client.get("/crews").text
    assert client.get("/crews/new").status_code == 200
    assert client.post("/crews/new", data={"code": "W1"}).status_code == 422
    made = client.post("/crews/new", data={"code": "W1", "name_zh": "水电班", "contractor": "1"})
    crew = database.scalars(select(Crew)).one()
    assert made.location == f"/crews/{crew.id}"
    assert (crew.name, crew.contractor) == ({"zh-CN": "水电班"}, True)
    assert client.post("/crews/new", data={"code": "W1", "name_en": "Other"}).status_code == 422
    edited = save(client, f"/crews/{crew.id}/edit", {"code": "W1", "name_zh": "水电班", "name_en": "Plumbing"})
    assert edited.status_code == 302
    assert client.get(f"/crews/{crew.id}/edit").status_code == 200

    worker = accounts.person(name="王师傅", username="wang")
    accounts.person(name="王五")
    url = f"/crews/{crew.id}/members"
    nobody = client.post(url, data={"who": "zzzz"})
    assert nobody.status_code == 422
    assert "Nobody fits" in nobody.text
    several = client.post(url, data={"who": "王"})
    assert several.status_code == 422
    assert several.text.count('name="person_id"') == 2
    assert client.post(url, data={"who": "wang"}).status_code == 302
    assert client.post(url, data={"person_id": str(worker.id)}).status_code == 409
    assert "王师傅" in client.get(f"/crews/{crew.id}").text
    member = database.scalars(select(CrewMember)).one()
    assert client.post(f"{url}/{member.id}/end").status_code == 302
    assert queries.crew_members([crew.id], date(2026, 11, 18)) == {}
    assert client.post(f"{url}/{member.id}/end").status_code == 404
    assert client.post(url, data={"who": "wang"}).status_code == 302  # back again
    assert press(client, f"/crews/{crew.id}", f"/crews/{crew.id}/close").status_code == 302
    assert "水电班" not in client.get("/crews").text
    assert client.post(url, data={"who": "wang"}).status_code == 422
    again = client.post("/crews/new", data={"code": "W1", "name_en": "New"})
    assert again.status_code == 302  # codes are unique among the valid


def test_a_crew_leader_changes_his_crew_only(client: FlaskClient, database: Session) -> None:
    database.add(Role(code="foreman", name={"en": "Foreman"}, permissions=["crews.write", "people.lookup"]))
    mine, other = accounts.crew(), accounts.crew(name="电梯班")
    leader, mate, stranger = accounts.person(), accounts.person(name="组员"), accounts.person(name="外人")
    accounts.grant(leader, "foreman", scope_kind="crew", scope_id=mine.id)
    database.add_all([CrewMember(crew_id=mine.id, person_id=mate.id)])
    accounts.sign_in(client, leader)
    html = client.get("/crews").text
    assert "水电班" in html
    assert "电梯班" not in html
    assert client.get(f"/crews/{mine.id}").status_code == 200
    assert client.get(f"/crews/{other.id}").status_code == 404
    assert client.get("/crews/new").status_code == 403
    found = client.get("/people/lookup?who=" + "组员")
    assert "组员" in found.text
    assert "外人" not in client.get("/people/lookup?who=外人").text
    assert client.post(f"/crews/{mine.id}/members", data={"person_id": stranger.id}).status_code == 404


def test_lists_run_a_constant_number_of_statements(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("admin"))

    def statements(url: str) -> int:
        client.get(url)
        with counted() as found:
            assert client.get(url).status_code == 200
        return len(found)

    crew = accounts.crew(accounts.person())
    college = accounts.org_unit()
    accounts.member_of(accounts.person(), accounts.org_unit(parent=college))
    urls = ("/crews", f"/crews/{crew.id}", "/orgs", f"/orgs/{college.id}", "/roles")
    before = [statements(url) for url in urls]
    for _ in range(10):
        accounts.crew(accounts.person())
        unit = accounts.org_unit(parent=college)
        accounts.org_unit()
        accounts.member_of(accounts.person("student"), unit)
        database.add(CrewMember(crew_id=crew.id, person_id=accounts.person("technician").id))
    database.flush()
    assert [statements(url) for url in urls] == before


def test_the_tree_of_units(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    assert "No units yet" in client.get("/orgs").text
    assert client.get("/orgs/new").status_code == 200
    assert client.post("/orgs/new", data={"kind": "college", "code": "CS", "name": "计算机学院"}).status_code == 302
    college = database.scalars(select(OrgUnit)).one()
    url = f"/orgs/new?parent={college.id}"
    assert client.get(url).status_code == 200
    assert client.post(url, data={"kind": "class", "code": "CS", "name": "x"}).status_code == 422
    assert client.post(url, data={"kind": "planet", "code": "C2", "name": "x"}).status_code == 422
    assert client.post(url, data={"kind": "class", "code": "SE2601", "name": "软件2601"}).status_code == 302
    group = queries.org_by_code("SE2601")
    assert group is not None
    assert group.parent_id == college.id
    page = client.get(f"/orgs/{group.id}").text
    assert "计算机学院" in page
    refused = client.get(press(client, f"/orgs/{college.id}", f"/orgs/{college.id}/close").location)
    assert "Close them first" in refused.text
    accounts.member_of(accounts.person(), group)
    refused = client.get(press(client, f"/orgs/{group.id}", f"/orgs/{group.id}/close").location)
    assert "Move them first" in refused.text
    renamed = save(client, f"/orgs/{group.id}/edit", {"kind": "class", "code": "SE2601", "name": "软工2601"})
    assert renamed.status_code == 302
    assert group.name == "软工2601"
    coming = accounts.org_unit("新", parent=college)
    accounts.member_of(accounts.person(), coming, date(2027, 9, 1))
    refused = client.get(press(client, f"/orgs/{coming.id}", f"/orgs/{coming.id}/close").location)
    assert "Move them first" in refused.text
    empty = accounts.org_unit("空", parent=college)
    assert press(client, f"/orgs/{empty.id}", f"/orgs/{empty.id}/close").location == f"/orgs/{college.id}"
    assert "Closed since" in client.get(f"/orgs/{empty.id}").text
    assert client.get("/orgs/12345678901234567890").status_code == 404


def test_an_org_keeper_changes_below_his_unit_only(client: FlaskClient, database: Session) -> None:
    database.add(Role(code="orgkeeper", name={"en": "Keeper"}, permissions=["orgs.write"]))
    mine, other = accounts.org_unit(), accounts.org_unit("数学学院")
    below = accounts.org_unit("软件2601", kind="class", parent=mine)
    keeper = accounts.person()
    accounts.grant(keeper, "orgkeeper", scope_kind="org", scope_id=mine.id)
    accounts.sign_in(client, keeper)
    data = {"kind": "class", "code": "X1", "name": "新班"}
    assert client.post(f"/orgs/new?parent={below.id}", data=data).status_code == 302
    assert client.post(f"/orgs/new?parent={other.id}", data={**data, "code": "X2"}).status_code == 404
    assert client.post("/orgs/new", data={**data, "code": "X3"}).status_code == 404
    assert client.get(f"/orgs/{other.id}/edit").status_code == 404


def test_a_circle_of_units_ends(database: Session) -> None:
    """Nothing makes one, but a reader must not hang if one is ever there."""
    one = accounts.org_unit()
    two = accounts.org_unit(parent=one)
    one.parent_id = two.id
    database.flush()
    assert {unit.id for unit in queries.org_ancestors(two.id)} == {one.id, two.id}
    rows = database.execute(select(queries.subtree([one.id]).c.id)).all()
    assert {row.id for row in rows} == {one.id, two.id}


def test_what_is_closed_twice_ended_once(database: Session, frozen: datetime) -> None:
    system, crew, unit = Actor.system(1), accounts.crew(), accounts.org_unit()
    for days in (0, 2):
        later = frozen + timedelta(days=days)
        structure.close_crew(system, crew, later)
        structure.close_org_unit(system, unit, later)
    assert (crew.valid_to, unit.valid_to) == (frozen.date(), frozen.date())
    verbs = database.scalars(select(AuditEntry.verb).where(AuditEntry.object_id.in_([crew.id, unit.id])))
    assert sorted(verbs) == ["crew.close", "org.close"]


def test_nothing_is_made_below_a_unit_that_is_closed(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.sign_in(client, accounts.person("admin", locale="en"))
    college = accounts.org_unit()
    college.valid_to = frozen.date()
    data = {"kind": "class", "code": "X1", "name": "新班"}
    refused = client.post(f"/orgs/new?parent={college.id}", data=data)
    assert refused.status_code == 422
    assert "The unit above is closed." in refused.text
    assert queries.org_by_code("X1") is None


def test_a_taken_code_is_said_in_chinese(client: FlaskClient, database: Session) -> None:
    crew, unit = accounts.crew(), accounts.org_unit()
    accounts.sign_in(client, accounts.person("admin", locale="zh-CN"))
    taken = client.post("/crews/new", data={"code": crew.code, "name_zh": "水电二班"})
    assert "代码：此代码已被使用。" in taken.text
    taken = client.post("/orgs/new", data={"kind": "college", "code": unit.code, "name": "数学学院"})
    assert "代码：此代码已被使用。" in taken.text
