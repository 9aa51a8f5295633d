"""POST /tokens, GET /me, GET /people."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.counting import counted
from tests.factories import accounts, sites


def test_a_token_for_name_and_password(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.person("student", username="lin")
    answer = client.post("/api/v1/tokens", json={"username": "Lin", "password": accounts.PASSWORD})
    assert answer.status_code == 201
    assert set(answer.json) == {"token", "expires_at"}
    assert answer.json["expires_at"] == (frozen + timedelta(days=30)).isoformat().replace("+00:00", "Z")
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {answer.json['token']}"})
    assert me.status_code == 200


def test_staff_tokens_end_like_staff_sessions(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.person("dispatcher", username="lin")
    answer = client.post("/api/v1/tokens", json={"username": "lin", "password": accounts.PASSWORD})
    assert answer.json["expires_at"] == "2026-11-18T14:00:00Z"


def test_wrong_passwords_are_401_then_429(client: FlaskClient, database: Session, frozen: datetime) -> None:
    accounts.person(username="lin")
    answers = [client.post("/api/v1/tokens", json={"username": "lin", "password": "x"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[0].json["type"] == "sign-in-failed"
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"
    assert answers[5].headers["Retry-After"] == "900"
    assert answers[5].mimetype == "application/problem+json"
    page = client.post("/login", data={"username": "lin", "password": accounts.PASSWORD})
    assert page.status_code == 429  # one count for every way in


def test_an_idempotency_key_is_ignored(client: FlaskClient, database: Session) -> None:
    accounts.person(username="lin")
    headers = {"Idempotency-Key": "same"}
    body = {"username": "lin", "password": accounts.PASSWORD}
    tokens = {client.post("/api/v1/tokens", json=body, headers=headers).json["token"] for _ in range(2)}
    assert len(tokens) == 2


@pytest.mark.parametrize("body", [{}, {"username": "lin"}, {"username": "lin", "password": "x", "role": "admin"}, []])
def test_unfit_bodies(client: FlaskClient, database: Session, body: object) -> None:
    answer = client.post("/api/v1/tokens", json=body)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"


def test_a_first_password_gets_no_token(client: FlaskClient, database: Session) -> None:
    person = accounts.person("student", username="lin", must_change_password=True)
    answer = client.post("/api/v1/tokens", json={"username": "lin", "password": accounts.PASSWORD})
    assert (answer.status_code, answer.json["type"]) == (403, "password-change-needed")
    assert client.get("/api/v1/me", headers=accounts.token(person)).status_code == 401


def test_who_am_i(client: FlaskClient, database: Session, frozen: datetime) -> None:
    person = accounts.person("student", "technician", name="林晓", username="lin")
    room = sites.room(code="TY3-412")
    accounts.home(person, room.id)
    me = client.get("/api/v1/me", headers=accounts.token(person)).json
    assert me == {
        "id": str(person.id),
        "username": "lin",
        "name": "林晓",
        "roles": ["student", "technician"],
        "home_place": {
            "id": str(room.id),
            "code": "TY3-412",
            "name": room.name,
            "kind": "room",
            "path": room.path,
        },
    }
    other = accounts.person("student")
    assert client.get("/api/v1/me", headers=accounts.token(other)).json["home_place"] is None


def test_finding_people(client: FlaskClient, database: Session, frozen: datetime) -> None:
    found = accounts.person(name="林晓")
    accounts.number(found, "20231234")
    lookup = accounts.token(accounts.person("dispatcher", name="调度"))
    items = client.get("/api/v1/people?q=林晓", headers=lookup).json["items"]
    assert items == [{"id": str(found.id), "name": "林晓", "number": "••••1234"}]
    whole = accounts.token(accounts.person("admin", name="管理"))
    assert client.get("/api/v1/people?q=20231234", headers=whole).json["items"][0]["number"] == "20231234"
    assert client.get("/api/v1/people?q=x", headers=accounts.token(accounts.person("student"))).status_code == 403
    assert client.get("/api/v1/people?q=x").status_code == 401
    first = client.get("/api/v1/people?limit=1", headers=whole).json
    second = client.get(f"/api/v1/people?limit=1&cursor={first['next']}", headers=whole).json
    assert first["items"] != second["items"]
    assert client.get("/api/v1/people?limit=0", headers=whole).status_code == 422


def test_finding_people_runs_few_statements(client: FlaskClient, database: Session, frozen: datetime) -> None:
    headers = accounts.token(accounts.person("dispatcher"))
    for _ in range(10):
        accounts.number(accounts.person("student"), f"N{accounts.person().id}")
    client.get("/api/v1/people", headers=headers)
    with counted() as statements:
        assert len(client.get("/api/v1/people", headers=headers).json["items"]) > 10
    assert len(statements) <= 6
