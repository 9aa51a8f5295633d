"""/healthz asks the process alone; /readyz names the part that fails."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from app.core import clock, health, queue
from app.core.health import Part
from tests import ground


@pytest.fixture
def store(servers: ground.Ground) -> Iterator[redis.Redis]:
    found = queue.client(servers.redis_url)
    found.flushdb()
    yield found
    found.flushdb()
    found.close()


@pytest.fixture
def probe(app: Flask) -> FlaskClient:
    """A load balancer: no session, no institution."""
    return app.test_client()


@pytest.fixture
def all_alive(store: redis.Redis) -> None:
    for name in (queue.RELAY_BEAT, *(queue.WORKER_BEAT.format(each) for each in queue.QUEUES)):
        store.set(name, "1", ex=10)


def failing(probe: FlaskClient) -> str:
    answer = probe.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    document: dict[str, Any] = answer.get_json()
    assert document["ready"] is False
    assert document["parts"][document["failing"]] == "failing"
    return str(document["failing"])


def test_alive_is_alive_whatever_is_away(probe: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = probe.get("/healthz")
    assert (answer.status_code, answer.get_data()) == (200, b"ok\n")


def test_ready_when_all_parts_are(probe: FlaskClient, all_alive: None) -> None:
    answer = probe.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"ready": True})


def test_each_silent_process_is_named(probe: FlaskClient, store: redis.Redis, all_alive: None) -> None:
    for key, name in (
        (queue.WORKER_BEAT.format("long"), "worker long"),
        (queue.WORKER_BEAT.format("dispatch"), "worker dispatch"),
        (queue.RELAY_BEAT, "relay"),
    ):
        store.delete(key)
        assert failing(probe) == name


def test_a_database_that_is_away_is_named(probe: FlaskClient, all_alive: None, app: Flask) -> None:
    from sqlalchemy import create_engine

    from app.core.db import db

    with app.app_context():
        usual = db.engines[None]
        db.engines[None] = create_engine("postgresql+psycopg://nobody@/none?host=/nonexistent")
    try:
        assert failing(probe) == "database"
    finally:
        with app.app_context():
            db.engines[None] = usual


def test_a_queue_that_is_away_is_named(probe: FlaskClient, all_alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = queue.client

    def elsewhere(url: str, *, seconds: float = 1.0) -> redis.Redis:
        return usual("unix:///nonexistent/valkey.sock", seconds=seconds)

    monkeypatch.setattr(queue, "client", elsewhere)
    assert failing(probe) == "queue"


def test_a_wrong_clock_is_named(probe: FlaskClient, all_alive: None) -> None:
    for away in (-3, 3):
        with clock.frozen(clock.now() + timedelta(seconds=away)):
            assert failing(probe) == "clock"
    with clock.frozen(clock.now() + timedelta(seconds=1)):
        assert probe.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("ahead", "took", "ok"), [(0, 0, True), (1.9, 0, True), (2.5, 0, False), (2.5, 1.0, True), (-2.5, 1.0, False)]
)
def test_the_way_to_the_database_is_not_a_wrong_clock(ahead: float, took: float, ok: bool) -> None:
    assert health._clock(ahead, took).ok is ok


def test_pending_migrations_are_named(probe: FlaskClient, all_alive: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_heads", lambda: frozenset({"9999"}))
    assert failing(probe) == "migrations"


def test_what_an_operator_reads_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    assert health._migrations(set()) == Part(
        "migrations",
        f"the database has nothing, this release wants {'; '.join(health._heads())}",
        "Run: flask db upgrade",
    )
