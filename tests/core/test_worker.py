"""worker.py for real: forked parts on real servers, killed and asked to end."""

from __future__ import annotations

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

from app.core import queue
from tests import ground
from tests.core import node as node_module
from tests.core.conftest import World
from worker import GRACE_SECONDS

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.launch


@dataclass
class Node:
    process: subprocess.Popen[bytes]
    world: World
    port: int

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def worker(self, name: str) -> int:
        """The process that serves a queue, by what RQ has noted of it."""
        noted = [str(key, "utf-8") for key in self.world.store.smembers("rq:workers")]
        (pid,) = (int(key.rpartition("-")[2]) for key in noted if key.startswith(f"rq:worker:{name}-"))
        assert pid in self.children()
        return pid

    def values(self, name: str) -> list[int]:
        return [row.value for row in self.world.rows(f"SELECT value FROM setting_value WHERE name = '{name}'")]  # noqa: S608 - names of our own, no input

    def publish(self, lamp: int, at: str = "") -> None:
        from app.core import outbox
        from app.core.transaction import transaction

        with self.world.inside(), transaction():
            outbox.publish(node_module.LampBroke(lamp, at))


@pytest.fixture(params=[queue.BEAT_SECONDS])
def node(
    world: World, servers: ground.Ground, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Node]:
    world.app.extensions["houqin_subscribers"] = node_module.SUBSCRIBERS
    monkeypatch.setitem(world.app.config, "OUTBOX_RING", True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    more = {"METRICS_PORT": str(port), "PYTHONPATH": str(ROOT), "BEAT_SECONDS": str(request.param)}
    environment = {**os.environ, **servers.environment(), **more}
    process = subprocess.Popen([sys.executable, "-m", "tests.core.node"], cwd=ROOT, env=environment)
    found = Node(process, world, port)
    try:
        until(lambda: all(queue.beats(world.store).values()), 60)  # seven processes load the application
        yield found
    finally:
        process.kill()
        process.wait(5)


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


@pytest.mark.parametrize("node", [queue.IDLE_SECONDS + 3], indirect=True)
def test_a_worker_that_lives_but_hangs_is_replaced_and_loses_nothing(node: Node) -> None:
    node.publish(1)
    until(lambda: node.values("changed") == [1])
    stopped = node.worker("dispatch")
    others = set(node.children()) - {stopped}
    os.kill(stopped, signal.SIGSTOP)
    node.publish(2)  # rung into the hands of the stopped one, which waits for it
    until(lambda: not alive(stopped), 30)
    until(lambda: sorted(node.values("changed")) == [1, 2], 30)
    assert others <= set(node.children()), "nobody else was touched"


def test_the_first_signal_lets_the_job_finish(node: Node) -> None:
    node.publish(3, "slow")
    until(lambda: node.values("begun") != [])
    node.process.send_signal(signal.SIGTERM)
    assert node.process.wait(30) == 0
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
