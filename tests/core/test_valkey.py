"""One Valkey, or whichever of several the sentinels call the master."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from app.core import queue, valkey
from app.core.http.counts import Counts
from app.core.launch import servers
from tests.attack.live import HOST, free_port, until

pytestmark = pytest.mark.launch

NAME = "desk"
DOWN_MS = 500


@pytest.mark.parametrize(
    ("url", "known", "name", "given"),
    [
        ("redis+sentinel://a:1,b:2/desk", [("a", 1), ("b", 2)], "desk", {"db": 0}),
        ("redis+sentinel://a/desk/3", [("a", valkey.USUAL_PORT)], "desk", {"db": 3}),
        ("redis+sentinel://:p%40ss@a:1/desk", [("a", 1)], "desk", {"db": 0, "password": "p@ss"}),
        ("redis+sentinel://me:pw@[::1]:1/x", [("::1", 1)], "x", {"db": 0, "username": "me", "password": "pw"}),
    ],
)
def test_an_address_of_sentinels(url: str, known: list[tuple[str, int]], name: str, given: dict[str, Any]) -> None:
    assert valkey.parsed(url) == (known, name, given)


@pytest.mark.parametrize("url", ["redis+sentinel://a:1", "redis+sentinel:///desk", "redis+sentinel://a:b/desk"])
def test_what_is_no_address_of_sentinels(url: str) -> None:
    with pytest.raises(ValueError, match=r"must be|is no host:port"):
        valkey.parsed(url)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Master, replica and sentinel on free ports: the address, and the master's process."""
    binary = str(servers.valkey_binary())
    first, second, watch = free_port(), free_port(), free_port()
    conf = tmp_path / "sentinel.conf"
    conf.write_text(
        f"port {watch}\nbind {HOST}\nsentinel monitor {NAME} {HOST} {first} 1\n"
        f"sentinel down-after-milliseconds {NAME} {DOWN_MS}\nsentinel failover-timeout {NAME} 2000\n"
    )
    plain = ["--bind", HOST, "--save", "", "--dir", str(tmp_path), "--repl-diskless-sync-delay", "0"]
    with ExitStack() as stack:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            running = stack.enter_context(
                subprocess.Popen([binary, *arguments], cwd=tmp_path, stdout=subprocess.DEVNULL)
            )
            stack.callback(running.kill)
            return running

        master = start("--port", str(first), *plain)
        start("--port", str(second), *plain, "--replicaof", HOST, str(first))
        until(lambda: linked(second), 20, "the replica follows")
        start(str(conf), "--sentinel")
        until(lambda: watched(watch), 20, "the sentinel knows the replica")
        yield f"redis+sentinel://{HOST}:{watch}/{NAME}", master


def linked(port: int) -> bool:
    try:
        with redis.Redis(HOST, port, socket_timeout=1) as store:
            return bool(store.info("replication").get("master_link_status") == "up")
    except redis.RedisError:
        return False


def watched(port: int) -> bool:
    try:
        with redis.Redis(HOST, port, socket_timeout=1) as store:
            return bool(store.sentinel_master(NAME)["num-slaves"] == 1)
    except redis.RedisError:
        return False


def test_the_bell_hangs_where_the_master_is_before_and_after_it_dies(
    cluster: tuple[str, subprocess.Popen[bytes]],
) -> None:
    url, master = cluster
    store = queue.client(url, seconds=1.0)
    counts = Counts(url, 1.0)
    queue.enqueue(store, "dispatch", 1, 5, 1)
    assert queue.depths(store)["dispatch"] == 1
    assert counts.spend("x", 1, 60) == 0
    assert counts.spend("x", 1, 60) > 0, "counted in Valkey"
    until(lambda: replicated(store), 10, "the replica has it")
    master.kill()
    until(lambda: rung(store), 30, "the other is the master now")
    assert queue.depths(store)["dispatch"] >= 1


def replicated(store: redis.Redis) -> bool:
    return bool(store.wait(1, 500))


def rung(store: redis.Redis) -> bool:
    try:
        queue.enqueue(store, "dispatch", 1, 6, 1)
    except redis.RedisError:
        time.sleep(0.2)
        return False
    return True
