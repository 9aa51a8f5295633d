"""worker.py for real: forked parts on real servers, killed and asked to end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from app.core import queue
from app.core.launch.servers import valkey_binary
from tests import ground
from tests.attack.live import HOST, free_port
from tests.core import node as node_module
from tests.core.conftest import World
from worker import GRACE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.launch

HASTY = queue.IDLE_SECONDS + 8
"""A promise that runs out while a test waits, and leaves a worker on a busy machine time enough to keep it."""


@dataclass
class Node:
    process: subprocess.Popen[bytes]
    world: World
    port: int

    def children(self) -> list[int]:
        try:
            found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        except OSError:  # it has ended
            return []
        return [int(pid) for pid in found.split()]

    def worker(self, name: str) -> int:
        """The process that serves a queue, by what RQ has noted of it."""
        noted = [str(key, "utf-8") for key in self.world.store.smembers("rq:workers")]
        (pid,) = (int(key.rpartition("-")[2]) for key in noted if key.startswith(f"rq:worker:{name}-"))
        assert pid in self.children()
        return pid

    def idle(self, name: str) -> int:
        """The same, once it waits for work and has said so since: what it promised around its last job holds longer."""
        pid = self.worker(name)
        (key,) = (each for each in self.world.store.smembers("rq:workers") if each.endswith(f"-{pid}".encode()))
        until(lambda: self.world.store.hget(key, "state") == b"idle")
        before = self.world.store.hget(key, "last_heartbeat")
        until(lambda: self.world.store.hget(key, "last_heartbeat") != before)
        return pid

    def values(self, name: str) -> list[int]:
        return [row.value for row in self.world.rows(f"SELECT value FROM setting_value WHERE name = '{name}'")]  # noqa: S608 - names of our own, no input

    def publish(self, lamp: int, at: str = "") -> None:
        from app.core import outbox
        from app.core.transaction import transaction

        with self.world.inside(), transaction():
            outbox.publish(node_module.LampBroke(lamp, at))


@contextlib.contextmanager
def started(world: World, environment: dict[str, str], beat: int = queue.BEAT_SECONDS) -> Iterator[Node]:
    """A node whose idle workers promise a beat every so many seconds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    more = {"METRICS_PORT": str(port), "PYTHONPATH": str(ROOT), "BEAT_SECONDS": str(beat), "REDIS_URL": world.redis_url}
    whole = {**os.environ, **environment, **more}
    process = subprocess.Popen([sys.executable, "-m", "tests.core.node"], cwd=ROOT, env=whole)
    found = Node(process, world, port)
    try:
        until(lambda: all(queue.beats(world.store).values()), 60)  # seven processes load the application
        yield found
    finally:
        parts = found.children()
        process.kill()
        process.wait(5)
        until(lambda: not any(alive(pid) for pid in parts))  # one may hold what the next test sweeps away


@pytest.fixture
def reacting(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose events are for the handlers of the node."""
    world.app.extensions["houqin_subscribers"] = node_module.SUBSCRIBERS
    monkeypatch.setitem(world.app.config, "OUTBOX_RING", True)
    return world


@pytest.fixture(params=[queue.BEAT_SECONDS])
def node(reacting: World, servers: ground.Ground, request: pytest.FixtureRequest) -> Iterator[Node]:
    with started(reacting, servers.environment(), request.param) as found:
        yield found


@pytest.fixture
def valkey(reacting: World, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Valkey that only this test's world uses."""
    port = free_port()
    command = [str(valkey_binary()), "--bind", HOST, "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        reacting.redis_url = f"redis://{HOST}:{port}/0"
        reacting.store = queue.client(reacting.redis_url)
        try:
            until(lambda: queue.depths_of(reacting.redis_url) is not None)
            yield process
        finally:
            process.kill()
            reacting.store.close()


def until(happened: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_a_node_delivers_survives_kills_and_ends(node: Node) -> None:
    def scrape() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{node.port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def until_counted(times: int) -> None:
        for name in ("lamps.change", "lamps.look_up"):
            counted = f'houqin_deliveries_total{{handler="{name}",outcome="done"}} {times}.0'
            until(lambda counted=counted: counted in scrape())

    node.publish(1)
    until(lambda: node.values("changed") == [1] and node.values("second") == [1])
    until_counted(1)  # that comes after the work: a killed process would never count it
    before = node.children()
    assert len(before) == 5  # relay, three queues, metrics
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    node.publish(2)
    until(lambda: sorted(node.values("changed")) == [1, 2] and 2 in node.values("second"))
    until(lambda: len(node.children()) == 5)
    assert not set(before) & set(node.children())

    until_counted(2)
    figures = scrape()
    assert 'houqin_queue_depth{queue="dispatch"} 0.0' in figures
    assert 'houqin_deliveries_parked{institution="test"} 0.0' in figures
    assert 'houqin_up{part="database"} 1.0' in figures
    now = node.children()
    began = time.monotonic()
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(2 * GRACE_SECONDS) == 0
    assert time.monotonic() - began < GRACE_SECONDS, "a part did not end by itself"
    assert not any(alive(pid) for pid in now)


@pytest.mark.parametrize("node", [HASTY], indirect=True)
def test_a_worker_that_lives_but_hangs_is_replaced_and_loses_nothing(node: Node) -> None:
    node.publish(1)
    until(lambda: node.values("changed") == [1])
    stopped = node.idle("dispatch")
    others = set(node.children()) - {stopped}
    os.kill(stopped, signal.SIGSTOP)
    node.publish(2)  # rung into the hands of the stopped one, which waits for it
    until(lambda: not alive(stopped), 30)
    until(lambda: sorted(node.values("changed")) == [1, 2], 30)
    assert others <= set(node.children()), "nobody else was touched"


def test_no_worker_is_killed_while_valkey_takes_connections_and_says_nothing(
    reacting: World, valkey: subprocess.Popen[bytes], servers: ground.Ground
) -> None:
    with started(reacting, servers.environment()) as node:
        node.publish(7, "patient")
        until(lambda: node.values("first") == [7])
        node.idle("dispatch")  # one that is about to say that its job is done would end by itself
        before, long = set(node.children()), node.worker("long")
        silent = time.monotonic()
        valkey.send_signal(signal.SIGSTOP)
        until(lambda: node.values("second") == [7], node_module.LONG_SECONDS["patient"] + 5)
        assert before == set(node.children())
        time.sleep(max(0.0, silent + queue.BEAT_SECONDS + 8 - time.monotonic()))
        # the long worker may end by itself where its job's end is not heard
        assert before - set(node.children()) <= {long}
        valkey.send_signal(signal.SIGCONT)
        node.publish(8)
        until(lambda: 8 in node.values("changed") and 8 in node.values("second"), 60)
        assert before - set(node.children()) <= {long}


def test_no_call_of_a_worker_lasts_as_long_as_its_promise(reacting: World, valkey: subprocess.Popen[bytes]) -> None:
    """Whether the server falls silent, is silent when one connects, or is gone."""
    worker = queue.worker("dispatch", queue.worker_client(reacting.redis_url))
    worker.heartbeat()
    for signum in (signal.SIGSTOP, signal.SIGSTOP, signal.SIGKILL, signal.SIGKILL):
        valkey.send_signal(signum)
        began = time.monotonic()
        with pytest.raises((redis.ConnectionError, redis.TimeoutError)):
            worker.heartbeat()
        assert time.monotonic() - began < queue.BEAT_SECONDS / 2


def test_three_silent_sentinels_take_no_longer() -> None:
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(3)]
        places = ",".join(f"{HOST}:{each.getsockname()[1]}" for each in silent)
        began = time.monotonic()
        with pytest.raises(redis.ConnectionError):
            queue.worker_client(f"redis+sentinel://{places}/desk").ping()
        assert time.monotonic() - began < 0.75 * queue.BEAT_SECONDS


@pytest.mark.parametrize("node", [HASTY], indirect=True)
def test_a_node_that_wakes_before_its_workers_kills_nobody(node: Node) -> None:
    node.publish(1)
    until(lambda: node.values("changed") == [1])
    parts = node.children()
    everybody = [node.process.pid, *parts]
    for pid in everybody:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(HASTY + 1)
    for pid in everybody:
        os.kill(pid, signal.SIGCONT)
        time.sleep(1.2 if pid == node.process.pid else 0)
    node.publish(2)
    until(lambda: sorted(node.values("changed")) == [1, 2], 30)
    assert node.children() == parts


def test_the_first_signal_lets_the_job_finish(node: Node) -> None:
    node.publish(3, "slow")
    until(lambda: node.values("begun") != [])
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(10) == 0
    assert node.values("changed") == [3]


def test_a_second_signal_ends_at_once_and_nothing_is_lost(node: Node) -> None:
    node.publish(4, "endless")
    until(lambda: node.values("begun") != [])
    began = time.monotonic()
    node.process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    node.process.send_signal(signal.SIGINT)
    assert node.process.wait(7) == 0
    assert time.monotonic() - began < 7, "sooner than the grace"
    assert node.values("changed") == []
    (row, _other) = node.world.rows()
    assert row.done_at is None


def test_no_part_outlives_its_parent(node: Node) -> None:
    parts = node.children()
    node.process.kill()
    node.process.wait(5)
    until(lambda: not any(alive(pid) for pid in parts), 5)


def test_a_poisoned_delivery_hinders_nobody(node: Node) -> None:
    node.publish(5, "poison")
    node.publish(6)
    until(lambda: node.values("changed") == [6])
    (row, *_rest) = node.world.rows()
    assert row.done_at is None
    assert row.attempts >= 1
