"""Windows of the rate limits: the same in Valkey and in memory; Valkey away stops nobody and is asked again later."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from app.core.http import counts
from app.core.http.counts import Counts
from tests import ground


@pytest.fixture
def store(servers: ground.Ground) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(servers.redis_url) as client:
        yield client
        client.delete(*client.keys(counts.PREFIX + "*"), counts.PREFIX)


@pytest.fixture(params=["memory", "valkey"])
def counting(request: pytest.FixtureRequest, servers: ground.Ground, store: redis.Redis) -> Counts:
    return Counts() if request.param == "memory" else Counts(servers.redis_url, 5.0)


def test_a_window_begins_with_its_first_count_and_ends(counting: Counts) -> None:
    assert [counting.spend("a", 3, 2) for _ in range(3)] == [0, 0, 0]
    assert 1 <= counting.spend("a", 3, 2) <= 2
    assert counting.spend("b", 1, 60) == 0
    assert 57 <= counting.spend("b", 1, 60) <= 60
    time.sleep(2.2)
    assert counting.spend("a", 3, 2) == 0
    assert counting.spend("b", 1, 60) > 0


def test_a_look_counts_nothing(counting: Counts) -> None:
    for _ in range(5):
        assert counting.look("l", 2, 60) == 0
    assert [counting.spend("l", 2, 60) for _ in range(2)] == [0, 0]
    assert 57 <= counting.look("l", 2, 60) <= 60


def test_threads_count_together(counting: Counts) -> None:
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.extend(counting.spend("t", 60, 60) for _ in range(25))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(wait == 0 for wait in seen) == 60
    assert len(seen) == 100


def test_of_a_large_window_ten_are_counted_at_a_time(counting: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    usual = counting._asked
    monkeypatch.setattr(
        counting,
        "_asked",
        lambda question, item, name, number: asked.append(number) or usual(question, item, name, number),
    )
    waits = [counting.spend("l", 1000, 60) for _ in range(1010)]
    assert [waits.count(0), all(waits[1000:])] == [1000, True]
    assert asked == [10] * 110
    assert [counting.spend("m", 199, 60) for _ in range(3)] == [0, 0, 0]
    assert asked[110:] == [1, 1, 1]


def test_what_threads_count_ahead_at_once_is_all_used(counting: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    usual, barrier = counting._asked, threading.Barrier(16)

    def counted(*of: Any) -> int:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(0.2)  # as many as can meet a store where nothing is kept yet
        return usual(*of)

    monkeypatch.setattr(counting, "_asked", counted)
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.extend(counting.spend("a", 1000, 60) for _ in range(70)))
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 990 <= sum(wait == 0 for wait in seen) <= 1000
    assert len(seen) == 1120


def test_what_was_counted_ahead_ends_as_a_window_does(counting: Counts, monkeypatch: pytest.MonkeyPatch) -> None:
    counting.spend("e", 1000, 1)
    monkeypatch.setattr(counting, "_asked", lambda *_of: 7)
    assert counting.spend("e", 1000, 1) == 0
    time.sleep(1.1)
    assert counting.spend("e", 1000, 1) == 7


def test_processes_that_count_ahead_never_allow_more_and_hardly_less(
    servers: ground.Ground, store: redis.Redis
) -> None:
    processes = [Counts(servers.redis_url, 5.0) for _ in range(3)]
    allowed = sum(processes[number % 3].spend("q", 400, 60) == 0 for number in range(500))
    assert 400 - 3 * 4 <= allowed <= 400


def test_all_processes_count_together_and_a_wiped_store_begins_anew(servers: ground.Ground, store: redis.Redis) -> None:
    one, other = (Counts(servers.redis_url, 5.0) for _ in range(2))
    assert [one.spend("p", 2, 60) > 0, other.spend("p", 2, 60) > 0, one.spend("p", 2, 60) > 0] == [False, False, True]
    store.script_flush()
    store.delete(*store.keys(counts.PREFIX + "*"))
    assert one.spend("p", 2, 60) == 0


def test_a_connection_that_was_cut_is_made_anew(servers: ground.Ground, store: redis.Redis) -> None:
    counting = Counts(servers.redis_url, 5.0)
    assert counting.spend("c", 1, 60) == 0
    store.client_kill_filter(skipme=True, _type="normal")
    assert counting.spend("c", 1, 60) > 0
    assert counting._away_until == 0.0, "counted in Valkey"


def test_a_store_that_is_away_is_left_alone_and_asked_again(
    servers: ground.Ground, store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counts("unix:///nonexistent/valkey.sock", 0.2)
    assert [counting.spend("x", 2, 60) > 0 for _ in range(3)] == [False, False, True]
    assert counting._away_until > time.monotonic()
    monkeypatch.setattr(counting, "_shared", Counts(servers.redis_url, 5.0)._shared)
    assert counting.spend("x", 2, 60) > 0, "still left alone"
    monkeypatch.setattr(counting, "_away_until", 0.0)
    assert counting.spend("x", 2, 60) == 0


def test_a_store_that_hangs_costs_its_patience_once(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        counting = Counts(f"unix://{tmp_path}/silent", 0.2)
        began = time.monotonic()
        assert [counting.spend("s", 4, 60) > 0 for _ in range(5)] == [False, False, False, False, True]
        assert time.monotonic() - began < 1.5


def test_a_flood_of_names_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MOST", 10)
    counting = Counts()
    for number in range(100):
        counting.spend(f"n{number}", 1, 60)
        counting.spend(f"n{number}", 1000, 60)
    assert len(counting._memory.storage) <= 10
    assert len(counting._taken) <= 10
