"""Whoever can write to the queue can ring a bell that finds nothing to do, and nothing else (reliability.md 2.3)."""

from __future__ import annotations

import json
import os
import pickle
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from app.core import clock, queue
from app.core.db import db
from app.core.outbox import Subscription
from app.core.settings import SettingValue
from app.core.transaction import steps
from tests.core.conftest import World


def put(world: World, data: bytes, name: str = "hostile", **more: bytes) -> None:
    """A job as somebody with the queue's password would forge it."""
    created = b"2026-11-18T02:00:00.000000Z"
    world.store.hset(
        f"rq:job:{name}",
        mapping={"data": data, "origin": "dispatch", "status": "queued", "created_at": created, "timeout": 5, **more},
    )
    world.store.rpush("rq:queue:dispatch", name)


def packed(*call: Any) -> bytes:
    return zlib.compress(json.dumps(call).encode())


@pytest.mark.parametrize(
    "call",
    [
        ("os.system", None, ["touch {mark}"], {}),
        ("subprocess.check_call", None, [["touch", "{mark}"]], {}),
        ("app.core.deliveries.run.__globals__", None, [], {}),
        ("touch", {"__class__": "pathlib.Path"}, [], {}),
        ("app.core.deliveries.run", "an instance", [1, 1], {}),
        ("app.core.deliveries.serve", None, [None], {}),
    ],
)
def test_only_the_one_function_runs(world: World, tmp_path: Path, call: tuple[Any, ...]) -> None:
    mark = tmp_path / "ran"
    name, instance, arguments, options = call
    put(world, packed(name, instance, json.loads(json.dumps(arguments).replace("{mark}", str(mark))), options))
    world.work()
    assert not mark.exists()
    assert world.store.hget("rq:job:hostile", "status") == b"failed"


class Touch:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (str(self.path), "w"))


@pytest.mark.parametrize("compressed", [True, False])
def test_a_pickle_is_not_read(world: World, tmp_path: Path, compressed: bool) -> None:
    payload = pickle.dumps(Touch(tmp_path / "ran"))
    put(world, zlib.compress(payload) if compressed else payload)
    world.work()
    assert not (tmp_path / "ran").exists()


def test_callbacks_do_not_exist(world: World, tmp_path: Path, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    (row,) = world.rows()
    names = ("success_callback_name", "failure_callback_name", "stopped_callback_name")
    put(world, packed("app.core.deliveries.run", None, [1, row.id], {}), **dict.fromkeys(names, b"os.system"))
    world.work()
    assert len(world.seen) == 1, "the allowed call itself works"
    put(world, packed("os.system", None, ["true"], {}), **dict.fromkeys(names, b"os.abort"))
    world.work()


def test_webhooks_are_not_called(world: World) -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        hook = {"url": f"http://127.0.0.1:{server.server_port}/hook", "timeout": 1}
        hooks = [{**hook, "job_status": status, "status": status} for status in ("finished", "failed")]
        for number, name in enumerate(("app.core.deliveries.run", "os.system")):
            put(world, packed(name, None, [1, 1], {}), f"hook{number}", webhooks=json.dumps(hooks).encode())
        world.work()
        server.shutdown()
    assert asked == []


def test_rubbish_where_jobs_should_be_stops_no_worker_for_good(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.store.set("rq:job:rubbish", "a string")
    world.store.rpush("rq:queue:dispatch", "rubbish")
    world.store.rpush("rq:queue:dispatch:intermediate", "rubbish")
    put(world, b"\xff\xfe not a payload", "broken", created_at=b"no date")
    world.publish()
    world.sweep()
    for _ in range(4):  # worker.py starts one that gave up again
        world.work()
    assert len(world.seen) == 1


def test_a_forged_delivery_asks_for_nothing(world: World) -> None:
    for number, arguments in enumerate(([1, 10**15], [2, 1], ["1; DROP", "x"], [], [1, 1, 1])):
        put(world, packed("app.core.deliveries.run", None, arguments, {}), f"forged{number}")
    world.work()
    assert world.seen == []


def test_workers_and_relay_show_that_they_live(world: World) -> None:
    assert not any(queue.beats(world.store).values())
    world.work("notices")
    world.relay().beat()
    assert queue.beats(world.store) == {"relay": True, "dispatch": False, "notices": True, "long": False}
    assert world.store.ttl(queue.WORKER_BEAT.format("notices")) <= queue.BEAT_SECONDS + 95


def test_long_jobs_run_in_a_horse_of_their_own(world: World) -> None:
    def long(event: Any, lease: Any) -> None:
        with steps():
            db.session.add(SettingValue(name="pid", value=os.getpid(), at=clock.now()))

    world.handle(Subscription("lamps.long", long, queue="long", stepwise=True))
    world.publish()
    with world.inside():
        db.session.connection()  # a pooled connection the horse must not share
        db.session.rollback()
    world.sweep()
    world.work("long")
    assert world.rows()[0].done_at is not None
    (row,) = world.rows("SELECT value FROM setting_value")
    assert row.value != os.getpid()
