"""Windows of the rate limits: the same in Valkey and in memory; Valkey away stops nobody and is asked again later."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from app.core.http import counts
from tests import ground


@pytest.fixture
def store(servers: ground.Ground) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(servers.redis_url) as client:
        yield client
        client.delete(*client.keys(counts.PREFIX + "*"), counts.PREFIX)


@pytest.fixture(params=["memory", "valkey"])
def counting(request: pytest.FixtureRequest, servers: ground.Ground, store: redis.Redis) -> counts.Counts:
    if request.param == "memory":
        return counts.InMemory()
    return counts.InValkey(servers.redis_url, 5.0)


def test_a_window_begins_with_its_first_count_and_ends(counting: counts.Counts) -> None:
    assert [counting.add("a", 2)[0] for _ in range(3)] == [1, 2, 3]
    count, rest = counting.add("b", 60)
    assert count == 1
    assert 58 <= rest <= 60
    time.sleep(2.1)
    assert counting.add("a", 60)[0] == 1
    assert counting.add("b", 60)[0] == 2


def test_threads_count_together(counting: counts.Counts) -> None:
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.extend(counting.add("t", 60)[0] for _ in range(25))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 101))


def test_all_processes_count_together_and_a_wiped_store_begins_anew(servers: ground.Ground, store: redis.Redis) -> None:
    one, other = (counts.InValkey(servers.redis_url, 5.0) for _ in range(2))
    assert [one.add("p", 60)[0], other.add("p", 60)[0], one.add("p", 60)[0]] == [1, 2, 3]
    store.script_flush()
    store.delete(counts.PREFIX + "p")
    assert one.add("p", 60)[0] == 1


def test_a_connection_that_was_cut_is_made_anew(servers: ground.Ground, store: redis.Redis) -> None:
    counting = counts.InValkey(servers.redis_url, 5.0)
    assert counting.add("c", 60)[0] == 1
    store.client_kill_filter(_id=str(counting._own.store.client_id()))
    assert counting.add("c", 60)[0] == 2


def test_a_store_that_is_away_is_left_alone_and_asked_again(
    servers: ground.Ground, store: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = counts.InValkey("unix:///nonexistent/valkey.sock", 0.2)
    assert [counting.add("x", 60)[0] for _ in range(3)] == [1, 2, 3]
    assert counting._away_until > time.monotonic()
    monkeypatch.setattr(counting, "_url", servers.redis_url)
    counting._own = threading.local()
    assert counting.add("x", 60)[0] == 4, "still left alone"
    monkeypatch.setattr(counting, "_away_until", 0.0)
    assert counting.add("x", 60)[0] == 1


def test_a_store_that_hangs_costs_its_patience_once(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        counting = counts.InValkey(f"unix://{tmp_path}/silent", 0.2)
        began = time.monotonic()
        assert [counting.add("s", 60)[0] for _ in range(5)] == [1, 2, 3, 4, 5]
        assert time.monotonic() - began < 1.5


def test_a_flood_of_names_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counts, "MOST", 10)
    counting = counts.InMemory()
    for number in range(100):
        counting.add(f"n{number}", 60)
    assert len(counting._windows) <= 10
