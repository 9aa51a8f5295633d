"""Rate limits of the contract: requests per token or session, filings per person whichever way they come in."""

from __future__ import annotations

from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import settings
from app.core.http import limits
from app.core.http.counts import Counts
from tests.factories import accounts
from tests.factories import tickets as factory


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
