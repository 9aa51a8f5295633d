"""Duty leads, certificates and ways on foot over the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from app.tickets.models import Certificate, TechnicianCertificate
from tests.calling_api import Caller
from tests.factories import accounts
from tests.factories import tickets as make

pytestmark = pytest.mark.usefixtures("frozen")
NAME = {"zh-CN": "高处作业", "en": "Work at height"}


@pytest.fixture
def api(ground: make.Ground, client: FlaskClient) -> Caller:
    return Caller(client, accounts.person("supervisor"))


def fields(answer: Any) -> list[str]:
    assert answer.status_code == 422
    return [each["field"] for each in answer.json["errors"]]


def test_duty_leads_are_named_and_ended(ground: make.Ground, api: Caller, database: Session) -> None:
    lead = accounts.person("dutylead", name="刘组长")
    sent = {"person_id": str(lead.id), "campus": str(ground.campus.id), "trade": "water"}
    later = api.post("/duty-roster", {**sent, "starts_at": "2026-11-20T00:00:00Z", "ends_at": "2026-11-21T00:00:00Z"})
    assert later.status_code == 201
    assert {name: value for name, value in later.json.items() if name != "id"} == {
        "person": {"id": str(lead.id), "name": "刘组长"},
        "campus": {"id": str(ground.campus.id), "name": "南校区"},
        "trade": "water",
        "starts_at": "2026-11-20T00:00:00Z",
        "ends_at": "2026-11-21T00:00:00Z",
    }
    now = api.post("/duty-roster", {"person_id": str(lead.id), "starts_at": "2026-11-18T00:00:00Z"})
    assert (now.json["campus"], now.json["trade"], now.json["ends_at"]) == (None, None, None)
    assert api.get("/duty-roster").json == {"items": [now.json, later.json], "next": None}
    first = api.get("/duty-roster?limit=1").json
    assert api.get(f"/duty-roster?limit=1&cursor={first['next']}").json["items"] == [later.json]
    for one in (now, later):
        assert api.delete(f"/duty-roster/{one.json['id']}").status_code == 204
        assert api.delete(f"/duty-roster/{one.json['id']}").status_code == 404
    assert api.get(f"/duty-roster/{now.json['id']}").json["ends_at"] == "2026-11-18T02:00:00Z"
    assert api.get(f"/duty-roster/{later.json['id']}").status_code == 404
    assert api.get("/duty-roster").json["items"] == []
    verbs = select(AuditEntry.verb).where(AuditEntry.object_id == lead.id).order_by(AuditEntry.id)
    assert list(database.scalars(verbs)) == ["duty.set", "duty.set", "duty.end", "duty.end"]


def test_what_no_duty_can_be(ground: make.Ground, api: Caller, client: FlaskClient) -> None:
    sent = {"person_id": str(ground.dispatcher.id), "starts_at": "2026-11-20T00:00:00Z"}
    assert fields(api.post("/duty-roster", {**sent, "ends_at": "2026-11-19T00:00:00Z"})) == ["ends_at"]
    assert fields(api.post("/duty-roster", {**sent, "campus": str(ground.building.id)})) == ["campus"]
    assert fields(api.post("/duty-roster", {**sent, "trade": "nothing"})) == ["trade"]
    assert fields(api.post("/duty-roster", {**sent, "level": 1})) == ["level"]
    assert fields(api.post("/duty-roster", {"person_id": str(ground.dispatcher.id)})) == ["starts_at"]
    assert api.post("/duty-roster", {**sent, "person_id": "999999"}).status_code == 404
    kept = api.post("/duty-roster", {**sent, "campus": str(ground.campus.id)}).json["id"]
    other = make.place("campus", "北校区")
    scoped = accounts.person("supervisor", scope_kind="campus", scope_id=other.id)
    accounts.grant(scoped, "registry")  # finds people everywhere
    stranger = Caller(client, scoped)
    assert fields(stranger.post("/duty-roster", sent)) == ["campus"]
    assert stranger.post("/duty-roster", {**sent, "campus": str(other.id)}).status_code == 201
    assert stranger.delete(f"/duty-roster/{kept}").status_code == 404


def test_certificates_are_named_given_and_taken(ground: make.Ground, api: Caller, database: Session) -> None:
    person = ground.technician()
    at = f"/technicians/{person.id}/certificates"
    kind = api.post("/certificates", {"code": "height", "name": NAME}).json
    assert api.get("/certificates").json == {"items": [kind], "next": None}
    assert fields(api.post("/certificates", {"code": "height", "name": NAME})) == ["code"]
    assert fields(api.post("/certificates", {"code": "Höhe", "name": NAME})) == ["code"]
    assert fields(api.post("/certificates", {"code": "volt", "name": {}})) == ["name"]
    held = api.post(at, {"certificate": kind["id"], "number": "A-7", "until": "2027-01-31"})
    assert held.status_code == 201
    assert {name: value for name, value in held.json.items() if name != "id"} == {
        "code": "height",
        "name": "Work at height",
        "number": "A-7",
        "until": "2027-01-31",
    }
    assert fields(api.post(at, {"certificate": kind["id"], "until": "2026-11-17"})) == ["until"]
    assert fields(api.post(at, {"certificate": "999999"})) == ["certificate"]
    assert api.get(at).json == {"items": [held.json], "next": None}
    assert api.delete(f"{at}/{held.json['id']}").status_code == 204
    database.expire_all()
    assert api.get(at).json["items"] == []
    assert api.delete(f"{at}/{held.json['id']}").status_code == 404
    assert api.get(f"/technicians/{ground.student.id}/certificates").status_code == 404
    assert api.post(f"/technicians/{ground.student.id}/certificates", {"certificate": kind["id"]}).status_code == 404


def test_an_expired_certificate_is_not_made_longer(
    ground: make.Ground, api: Caller, database: Session, now: datetime
) -> None:
    person = ground.technician()
    kind = Certificate(code="height", name=NAME, valid_from=date(2020, 1, 1))
    database.add(kind)
    database.flush()
    last = date(2026, 8, 10)
    expired = TechnicianCertificate(
        person_id=person.id, certificate_id=kind.id, valid_from=date(2020, 1, 1), valid_to=last
    )
    database.add(expired)
    database.flush()
    assert api.delete(f"/technicians/{person.id}/certificates/{expired.id}").status_code == 404
    database.refresh(expired)
    assert expired.valid_to == last


def test_ways_on_foot_hold_both_ways(ground: make.Ground, api: Caller, client: FlaskClient, database: Session) -> None:
    far, third = make.place("building", "图书馆", ground.campus), make.place("building", "食堂", ground.campus)
    elsewhere = make.place("building", "主楼", make.place("campus", "北校区"))
    at, back = f"/places/{ground.building.id}/walks", f"/places/{far.id}/walks"
    shown = api.get(at)
    assert {each["building"]: each["minutes"] for each in shown.json["items"]} == {
        str(far.id): None,
        str(third.id): None,
    }
    seen, change = shown.headers["ETag"], {"walks": [{"building": str(far.id), "minutes": 12}]}
    assert api.patch(at, change).status_code == 428
    done = api.patch(at, change, seen)
    assert done.status_code == 200
    assert [each["minutes"] for each in api.get(back).json["items"] if each["building"] == str(ground.building.id)] == [
        12
    ]
    assert done.headers["ETag"] == api.get(at).headers["ETag"] != seen
    late = api.patch(at, {"walks": [{"building": str(third.id), "minutes": 3}]}, seen)
    assert (late.status_code, late.json["current"]) == (412, {"changed": ["walks"]})
    assert fields(api.patch(at, {"walks": [{"building": str(far.id), "minutes": 601}]}, "*")) == ["walks.0.minutes"]
    for nowhere in (elsewhere, ground.room, ground.building):
        sent = {"walks": [*change["walks"], {"building": str(nowhere.id), "minutes": 3}]}
        assert fields(api.patch(at, sent, "*")) == ["walks.1.building"]
    twice = {"walks": [*change["walks"], {"building": str(far.id), "minutes": 3}]}
    assert fields(api.patch(at, twice, "*")) == ["walks.1.building"]
    assert api.get(f"/places/{ground.room.id}/walks").status_code == 404
    forgotten = api.patch(back, {"walks": [{"building": str(ground.building.id), "minutes": None}]}, "*")
    assert forgotten.status_code == 200
    assert {each["minutes"] for each in api.get(at).json["items"]} == {None}
    stranger = Caller(client, accounts.person("supervisor", scope_kind="campus", scope_id=elsewhere.campus_id))
    assert stranger.patch(at, change, "*").status_code == 404
    assert database.scalars(select(AuditEntry).where(AuditEntry.verb == "walk.set")).all()


def test_the_tag_of_ways_is_as_short_on_a_large_campus(ground: make.Ground, api: Caller) -> None:
    at = f"/places/{ground.building.id}/walks"
    few = api.get(at).headers["ETag"]
    for number in range(30):
        make.place("building", f"{number}号楼", ground.campus)
    many = api.get(at).headers["ETag"]
    assert few != many
    assert len(few) == len(many)
