"""The relay's bell: heard at once, several rings at a time as one, and never in anybody's way."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from app.core import bell
from app.core.db import driver_address
from tests import ground


@pytest.fixture
def listener(servers: ground.Ground) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(driver_address(servers.owner_url), autocommit=True) as connection:
        connection.execute(f"LISTEN {bell.CHANNEL}")
        yield connection


@pytest.fixture
def connect(servers: ground.Ground) -> Callable[[], psycopg.Connection[Any]]:
    return lambda: psycopg.connect(driver_address(servers.web_url), autocommit=True)


def heard(listener: psycopg.Connection[Any], seconds: float = 5.0) -> list[str]:
    """What the next bell says, an institution's number each."""
    return sorted(notice.payload for notice in listener.notifies(timeout=seconds, stop_after=1))


def test_a_ring_is_heard(listener: psycopg.Connection[Any], connect: Any) -> None:
    rung = bell.Bell(connect)
    for institution in (3, 4):
        rung.ring(institution)
        assert heard(listener) == [str(institution)]


def test_rings_during_a_ring_become_one(listener: psycopg.Connection[Any], connect: Any) -> None:
    """The first connecting takes as long as a hundred rings."""
    go = threading.Event()

    def slowly() -> psycopg.Connection[Any]:
        go.wait(10)
        return connect()

    rung = bell.Bell(slowly)
    rung.ring(1)
    for _ in range(100):
        rung.ring(2)
        rung.ring(1)
    go.set()
    payloads: list[str] = []
    until = time.monotonic() + 10
    while "2" not in payloads and time.monotonic() < until:
        payloads += heard(listener)
    payloads += heard(listener, 0.2)
    assert 2 <= len(payloads) <= 4
    assert {"1", "2"} == set(payloads)


def test_a_lost_connection_costs_no_ring(
    listener: psycopg.Connection[Any], connect: Any, servers: ground.Ground
) -> None:
    made: list[psycopg.Connection[Any]] = []

    def noted() -> psycopg.Connection[Any]:
        made.append(connect())
        return made[-1]

    rung = bell.Bell(noted)
    rung.ring(1)
    assert heard(listener) == ["1"]
    with ground.superuser(servers.addresses.sockets) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s)", [made[0].info.backend_pid])
    rung.ring(2)
    assert heard(listener) == ["2"]
    assert len(made) == 2
    assert made[0].closed


def test_a_database_that_is_away_is_nobodys_trouble(
    listener: psycopg.Connection[Any], connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "MEND_SECONDS", 0.01)
    tries: list[int] = []

    def away() -> psycopg.Connection[Any]:
        tries.append(1)
        if len(tries) < 3:
            raise psycopg.OperationalError("away")
        return connect()

    rung = bell.Bell(away)
    until = time.monotonic() + 10
    said: list[str] = []
    while not said and time.monotonic() < until:
        began = time.monotonic()
        rung.ring(1)
        assert time.monotonic() - began < 1.0
        said = heard(listener, 0.1)
    assert said == ["1"]


def test_a_forked_process_rings_with_a_thread_of_its_own(listener: psycopg.Connection[Any], connect: Any) -> None:
    rung = bell.Bell(connect)
    rung.ring(1)
    assert heard(listener) == ["1"]
    child = os.fork()
    if child == 0:
        rung.forget()
        rung.ring(2)
        time.sleep(2)
        os._exit(0)
    assert heard(listener) == ["2"]
    os.waitpid(child, 0)
    rung.ring(3)
    assert heard(listener) == ["3"]
