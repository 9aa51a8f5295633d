"""Rate limits of the contract: requests per token or session, filings per person whichever way they come in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import settings
from app.core.http import limits
from app.core.http.counts import Counts
from app.tickets import code_tries
from app.tickets.open311.requests import READS_PER_MINUTE
from app.tickets.rules.workflow import OrderAct
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.at_work import do, offered


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    return factory.Ground()


@pytest.fixture(autouse=True)
def _counting(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rate limits switched on, counted in memory, as they are when Valkey is away; small ones."""
    monkeypatch.setitem(app.extensions, "houqin_counts", Counts())
    small = {limits.REQUESTS: 4, limits.FILINGS: 2}
    usual = settings.get
    monkeypatch.setattr(settings, "get", lambda name: small.get(name) or usual(name))


def test_requests_are_counted_by_token(client: FlaskClient, ground: factory.Ground) -> None:
    first, second = accounts.token(ground.student), accounts.token(ground.student)
    for _ in range(4):
        assert client.get("/api/v1/me", headers=first).status_code == 200
    refused = client.get("/api/v1/me", headers=first)
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert client.get("/api/v1/me", headers=second).status_code == 200
    for _ in range(6):
        assert client.get("/login").status_code == 200


def test_a_token_is_counted_however_it_is_written(client: FlaskClient, ground: factory.Ground) -> None:
    secret = accounts.token(ground.student)["Authorization"].removeprefix("Bearer ")
    written = (f"Bearer {secret}", f"bearer  {secret}", f"BEARER   {secret}", f"Bearer {secret} ", f"bearer {secret}")
    answers = [client.get("/api/v1/me", headers={"Authorization": each}).status_code for each in written]
    assert answers == [200, 200, 200, 200, 429]
    asked = "/open311/v2/requests.json"
    headers = {"Authorization": "Bearer something else"}
    assert client.get(asked, query_string={"api_key": secret}, headers=headers).status_code == 429


def test_reading_open311_without_a_token_is_counted_by_address(
    client: FlaskClient, ground: factory.Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = settings.get
    monkeypatch.setattr(settings, "get", lambda name: 2 if name == READS_PER_MINUTE else usual(name))
    asked = "/open311/v2/requests.json"
    assert [client.get(asked).status_code for _ in range(3)] == [200, 200, 429]
    assert client.get(asked, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 200


def test_the_code_of_an_order_is_counted_by_the_order_and_for_who_sees_it(
    client: FlaskClient, ground: factory.Ground, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = settings.get
    monkeypatch.setattr(settings, "get", lambda name: 3 if name == code_tries.PER_HOUR else usual(name))
    technician, stranger = ground.technician(), accounts.person("technician")
    order_id = offered(ground, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, now=now)
    body = {"to": "done", "note": "好了", "code": "0000"}

    def tried(person: Any, written: str) -> int:
        where = f"/api/v1/work-orders/{written}/transitions"
        return client.post(where, json=body, headers=accounts.token(person) | {"If-Match": '"999"'}).status_code

    assert {tried(stranger, str(order_id)) for _ in range(4)} == {404}, "uses up nobody's tries"
    assert [tried(technician, f"{'0' * zeros}{order_id}") for zeros in range(4)] == [412, 412, 412, 429]


def test_filings_are_counted_by_person(client: FlaskClient, ground: factory.Ground) -> None:
    body = {"place_id": str(ground.room.id), "category": "tap", "description": "灯坏了"}
    answers = [
        client.post(
            "/api/v1/tickets",
            json=body,
            headers={**accounts.token(ground.student), "Idempotency-Key": f"k{number}"},
        )
        for number in range(3)
    ]
    assert [each.status_code for each in answers] == [201, 201, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    accounts.sign_in(client, ground.student)
    assert client.post("/report", data={"description": "x"}).status_code == 429


def test_a_repeat_is_no_second_filing(client: FlaskClient, ground: factory.Ground) -> None:
    body = {"place_id": str(ground.room.id), "category": "tap", "description": "灯坏了"}
    headers = {**accounts.token(ground.student), "Idempotency-Key": "once"}
    answers = [client.post("/api/v1/tickets", json=body, headers=headers) for _ in range(4)]
    assert [each.status_code for each in answers] == [201] * 4
    assert len({each.json["id"] for each in answers if each.json}) == 1
