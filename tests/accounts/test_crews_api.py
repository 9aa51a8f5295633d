"""Crews and their members over the API."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import AuditEntry
from tests.calling_api import Caller
from tests.factories import accounts

NAME = {"zh-CN": "水电班", "en": "Water and power"}


@pytest.fixture
def api(client: FlaskClient, database: Session, frozen: datetime) -> Caller:
    return Caller(client, accounts.person("admin"))


def test_a_crew_is_made_changed_filled_and_closed(api: Caller, database: Session) -> None:
    made = api.post("/crews", {"code": "water", "name": NAME}, key="once")
    assert made.status_code == 201
    crew = made.json
    assert {name: crew[name] for name in ("code", "name", "contractor", "closed_on")} == {
        "code": "water",
        "name": NAME,
        "contractor": False,
        "closed_on": None,
    }
    assert api.post("/crews", {"code": "water", "name": NAME}, key="once").json == crew
    at = f"/crews/{crew['id']}"
    assert api.get(at).headers["ETag"] == made.headers["ETag"]
    person = accounts.person("technician", name="张师傅")
    member = api.post(f"{at}/members", {"person_id": str(person.id)})
    assert (member.status_code, member.json["person"]) == (201, {"id": str(person.id), "name": "张师傅"})
    assert member.json["since"] == "2026-11-18"
    assert api.post(f"{at}/members", {"person_id": str(person.id)}).status_code == 409
    assert api.get(f"{at}/members").json == {"items": [member.json], "next": None}
    assert [(each["code"], each["members"]) for each in api.get("/crews").json["items"]] == [("water", 1)]
    changed = api.put(at, {**{name: crew[name] for name in ("code", "name")}, "contractor": True}, "*")
    assert (changed.status_code, changed.json["contractor"]) == (200, True)
    assert api.delete(f"{at}/members/{member.json['id']}").status_code == 204
    assert api.delete(f"{at}/members/{member.json['id']}").status_code == 404
    assert api.delete(at, changed.headers["ETag"]).status_code == 204
    assert api.get(at).json["closed_on"] == "2026-11-18"
    assert api.get("/crews").json["items"] == []
    renamed = {"code": "water", "name": {"en": "Renamed"}}
    assert api.put(at, renamed, api.get(at).headers["ETag"]).status_code == 404, "what has ended stays as it was"
    assert api.get(at).json["name"] == NAME
    closed = api.post(f"{at}/members", {"person_id": str(person.id)})
    assert (closed.status_code, closed.json["detail"]) == (422, "This crew is closed.")
    query = select(AuditEntry.verb).where(AuditEntry.object_kind == "crew").order_by(AuditEntry.id)
    assert list(database.scalars(query)) == ["crew.create", "crew.member", "crew.edit", "crew.member", "crew.close"]


def test_two_who_change_a_crew_lose_nothing(api: Caller) -> None:
    crew = accounts.crew()
    at, sent = f"/crews/{crew.id}", {"code": crew.code, "name": NAME}
    seen = api.get(at).headers["ETag"]
    assert api.put(at, sent).status_code == 428
    assert api.put(at, {**sent, "contractor": True}, seen).status_code == 200
    late = api.put(at, sent, seen)
    assert (late.status_code, late.json["current"]) == (412, {"changed": ["name", "contractor"]})
    assert api.delete(at, seen).status_code == 412


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"name": NAME}, "code"),
        ({"code": "a b", "name": NAME}, "code"),
        ({"code": "a", "name": {}}, "name"),
        ({"code": "a", "name": {"fr": "eau"}}, "name"),
        ({"code": "a", "name": NAME, "members": 1}, "members"),
        ({"code": "taken", "name": NAME}, "code"),
    ],
)
def test_what_makes_no_sense_names_its_field(api: Caller, sent: dict[str, object], field: str) -> None:
    api.post("/crews", {"code": "taken", "name": NAME})
    refused = api.post("/crews", sent)
    assert (refused.status_code, [each["field"] for each in refused.json["errors"]]) == (422, [field])


def test_who_keeps_one_crew_keeps_that_one_alone(client: FlaskClient, database: Session, frozen: datetime) -> None:
    mine, other = accounts.crew(), accounts.crew()
    keeper = Caller(client, accounts.person("admin", scope_kind="crew", scope_id=mine.id))
    assert [each["id"] for each in keeper.get("/crews").json["items"]] == [str(mine.id)]
    assert keeper.get(f"/crews/{mine.id}").status_code == 200
    sent = {"code": "x", "name": NAME}
    answers = [
        keeper.get(f"/crews/{other.id}"),
        keeper.put(f"/crews/{other.id}", sent, "*"),
        keeper.get(f"/crews/{other.id}/members"),
        keeper.post(f"/crews/{other.id}/members", {"person_id": str(keeper.person.id)}),
    ]
    assert [each.status_code for each in answers] == [404] * 4
    assert keeper.post("/crews", sent).status_code == keeper.delete(f"/crews/{mine.id}").status_code == 403
