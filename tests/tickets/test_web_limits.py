"""Rate limits of the contract: requests per token or session, filings per person whichever way they come in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import settings
from app.core.http import limits
from tests.factories import accounts
from tests.factories import tickets as factory


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    return factory.Ground()


@pytest.fixture(autouse=True)
def _counting(app: Flask, database: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rate limits switched on, counted in memory, as they are when the queue is away; small ones."""
    before = dict(vars(limits.limiter))
    monkeypatch.setitem(app.config, "RATELIMIT_ENABLED", True)
    monkeypatch.setitem(app.config, "RATELIMIT_STORAGE_URI", "memory://")
    monkeypatch.setitem(app.config, "RATELIMIT_STORAGE_OPTIONS", {})
    monkeypatch.setitem(app.extensions, "limiter", set())  # so that its hooks are added
    minute = time.time() // 60 * 60 + 5
    monkeypatch.setattr(time, "time", lambda: minute)  # no test ends in another window than it began in
    small = {limits.REQUESTS: 4, limits.FILINGS: 2}
    usual = settings.get
    monkeypatch.setattr(settings, "get", lambda name: small.get(name) or usual(name))
    hooks = {name: {key: list(each) for key, each in getattr(app, name).items()} for name in HOOKS}
    app._got_first_request = False
    limits.limiter.init_app(app)
    yield
    for name, kept in hooks.items():
        getattr(app, name).clear()
        getattr(app, name).update(kept)
    app._got_first_request = True
    vars(limits.limiter).update(before)


HOOKS = ("before_request_funcs", "after_request_funcs", "teardown_request_funcs")


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
