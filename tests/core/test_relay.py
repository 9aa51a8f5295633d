"""The relay rings for what is due, rings again for what was lost, and delivers by itself when the queue is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis

from app.core import deliveries, queue, relay
from app.core.actor import Actor
from app.core.institution import forget_institutions
from app.core.outbox import Subscription
from tests import ground
from tests.core.conftest import World

NOWHERE = "unix:///nonexistent/valkey.sock"


def test_a_wiped_queue_loses_nothing(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    assert world.sweep() == 1
    world.store.flushdb()
    assert world.work() is False
    assert world.sweep() == 0, "within the lease of the attempt nothing is rung again"
    world.make_due()
    assert world.sweep() == 1
    assert world.work() is True
    (row,) = world.rows()
    assert (row.done_at is not None, row.attempts) == (True, 2)


def test_a_backlog_is_no_loss(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    world.sweep()
    world.make_due()
    assert world.sweep() == 1
    (row,) = world.rows()
    assert row.attempts == 1, "the bell still hangs: the attempt is the same"
    assert queue.depths(world.store) == {"dispatch": 1, "notices": 0, "long": 0}


def test_a_job_that_its_worker_took_with_it_is_rung_again(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    world.sweep()
    world.store.lpop("rq:queue:dispatch")  # a worker popped it and died; its hash stays behind
    world.make_due()
    world.sweep()
    assert world.work() is True
    assert world.rows()[0].done_at is not None


def test_attempts_without_a_word_are_given_up_in_the_end(
    world: World, collecting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "TRY_LIMIT", 2)
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    for _ in range(3):
        world.store.flushdb()
        world.make_due()
        world.sweep()
    assert world.rows()[0].parked_at is not None
    world.work()
    assert world.seen == []


def test_a_quick_worker_never_finds_the_row_locked_by_the_relay(
    world: World, collecting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bell rings after the commit: delivering inside `enqueue` is the quickest worker there can be."""

    def at_once(connection: Any, name: str, institution_id: int, delivery_id: int, attempt: int) -> None:
        runner = threading.Thread(target=world.deliver, args=(delivery_id,))
        runner.start()
        runner.join(5)

    monkeypatch.setattr(queue, "enqueue", at_once)
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    world.sweep()
    assert len(world.seen) == 1


def test_a_queue_that_goes_away_in_between_costs_no_attempt(
    world: World, collecting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_arguments: Any) -> None:
        raise redis.ConnectionError("gone")

    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    with monkeypatch.context() as patch:
        patch.setattr(queue, "enqueue", gone)
        assert world.sweep() == 0
    (row,) = world.rows()
    assert row.attempts == 0
    assert world.sweep() == 1


def test_a_bell_is_answered_with_what_is_fresh_and_orders_first(
    world: World, collecting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.handle(Subscription("lamps.tell", collecting, queue="notices"), Subscription("lamps.change", collecting))
    rung: list[tuple[str, int]] = []
    monkeypatch.setattr(queue, "enqueue", lambda _store, name, _institution, _id, attempt: rung.append((name, attempt)))
    world.publish(1)
    world.publish(2)
    found = world.relay()
    assert found.answer([1]) == 4
    assert rung == [("dispatch", 1)] * 2 + [("notices", 1)] * 2
    world.make_due()
    assert found.answer([1]) == 0, "what was rung in vain waits for the next look at everything"
    assert found.sweep() == 4
    assert rung[4:] == [("dispatch", 2)] * 2 + [("notices", 2)] * 2


def test_the_queue_is_asked_while_nothing_is_locked(
    world: World, collecting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that is about to begin must not find its row locked while Valkey takes its time."""
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    world.sweep()
    world.make_due()

    def slow(_store: Any, bells: list[tuple[str, int, int]]) -> set[int]:
        runner = threading.Thread(target=world.deliver, args=(bells[0][1],))
        runner.start()
        runner.join(5)
        return set()

    monkeypatch.setattr(queue, "waiting", slow)
    assert world.sweep() == 0, "it is done by now, so it is not claimed"
    assert len(world.seen) == 1


def test_without_a_queue_the_relay_delivers_after_half_a_minute(
    world: World, collecting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(event: Any, actor: Actor, now: datetime) -> None:
        raise RuntimeError("no ladder")

    def long(event: Any, lease: deliveries.Lease) -> None:
        world.seen.append("long")

    world.handle(
        Subscription("lamps.fail", failing),
        Subscription("lamps.change", collecting),
        Subscription("lamps.long", long, queue="long", stepwise=True),
    )
    world.publish()
    lonely = relay.Relay(world.app, NOWHERE)
    assert lonely.sweep() == 0
    assert world.seen == []
    monkeypatch.setattr(relay, "UNREACHABLE_SECONDS", 0.0)
    assert lonely.sweep() == 1
    found = {row.handler: row for row in world.rows()}
    assert found["lamps.change"].done_at is not None
    assert found["lamps.fail"].failures == 1
    assert found["lamps.long"].done_at is None, "long jobs wait for the queue"
    assert all(row.attempts == 0 for row in found.values())


def test_an_idle_institution_does_not_reset_the_outage(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    world.publish()
    world.rows(
        """INSERT INTO institution (id, code, name, hosts, flags) VALUES (2, 'idle', '{"en": "Idle"}', '{}', '{}')"""
    )
    try:
        forget_institutions()
        lonely = relay.Relay(world.app, NOWHERE)
        lonely.sweep()
        since = lonely.unreachable_since
        assert since is not None
        lonely.sweep()
        assert lonely.unreachable_since == since
    finally:
        world.rows("DELETE FROM institution WHERE id = 2")


def test_more_than_a_batch_goes_in_one_sweep(world: World, collecting: Callable[..., None]) -> None:
    world.handle(Subscription("lamps.change", collecting))
    for lamp in range(relay.BATCH + 3):
        world.publish(lamp)
    assert world.sweep() == relay.BATCH + 3
    world.work()
    assert len(world.seen) == relay.BATCH + 3


def test_after_a_long_stop_what_is_new_does_not_stand_behind_what_is_old(
    world: World, collecting: Callable[..., None]
) -> None:
    world.handle(Subscription("lamps.change", collecting), Subscription("lamps.tell", collecting, queue="notices"))
    old = 2 * relay.FULL
    for lamp in range(old):
        world.publish(lamp)
    world.rows("UPDATE outbox_delivery SET next_at = clock_timestamp() - interval '1 hour'")
    found = world.relay()
    world.publish(old)
    assert found.answer([1]) == 2, "a bell is answered with what is new, however much is older"
    world.work()
    assert [event.lamp for event in world.seen] == [old]

    found.sweep()
    world.publish(old + 1)
    before = queue.depths(world.store)["dispatch"]
    assert relay.FULL <= before <= relay.FULL + relay.BATCH
    found.sweep()
    assert queue.depths(world.store)["dispatch"] == before + 1, "what is new is rung without a bell too"
    assert queue.depths(world.store)["notices"] <= relay.FULL + relay.BATCH, "each queue has its own room"
    while found.sweep() or any(queue.depths(world.store).values()):
        world.work()
        world.work("notices")
    assert sorted(event.lamp for event in world.seen) == sorted([*range(old + 2)] * 2)


def test_the_backlog_of_one_institution_leaves_room_for_the_others(
    world: World, collecting: Callable[..., None]
) -> None:
    world.handle(Subscription("lamps.change", collecting))
    for lamp in range(4 * relay.FULL):
        world.publish(lamp)
    world.rows("UPDATE outbox_delivery SET next_at = clock_timestamp() - interval '1 hour'")
    world.rows(
        """INSERT INTO institution (id, code, name, hosts, flags) VALUES (2, 'other', '{"en": "Other"}', '{}', '{}')"""
    )
    world.rows(
        """WITH said AS (INSERT INTO outbox_event (institution_id, kind, payload, v, at)
               SELECT 2, kind, payload, v, at FROM outbox_event LIMIT 1 RETURNING id)
           INSERT INTO outbox_delivery (institution_id, event_id, handler, queue, attempts, failures, next_at)
           SELECT 2, id, 'lamps.change', 'dispatch', 0, 0, clock_timestamp() - interval '1 hour' FROM said"""
    )
    try:
        forget_institutions()
        found = world.relay()
        for _turn in range(2):
            found.sweep()
            assert found.held_back
            world.work()
        (row,) = (each for each in world.rows("SELECT * FROM outbox_delivery WHERE institution_id = 2"))
        assert row.done_at is not None
    finally:
        world.rows("DELETE FROM outbox_delivery WHERE institution_id = 2")
        world.rows("DELETE FROM outbox_event WHERE institution_id = 2")
        world.rows("DELETE FROM institution WHERE id = 2")


def test_the_loop_wakes_at_once_survives_a_lost_connection_and_ends(
    world: World, collecting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "POLL_SECONDS", 5.0)
    monkeypatch.setitem(world.app.config, "OUTBOX_RING", True)
    world.handle(Subscription("lamps.change", collecting))
    stop = threading.Event()
    direct = world.app.config["HOUQIN"].direct_database_url
    loop = threading.Thread(target=relay.run, args=(world.app, world.redis_url, direct, stop.is_set))
    loop.start()
    try:
        _until(lambda: queue.beats(world.store)["relay"])
        time.sleep(0.2)  # it listens now
        began = time.monotonic()
        world.publish()
        _until(lambda: queue.depths(world.store)["dispatch"] == 1)
        assert time.monotonic() - began < 1.0, "woken by the bell, not by the poll"
        _end_listeners(world)
        world.publish(2)
        _until(lambda: queue.depths(world.store)["dispatch"] == 2)
    finally:
        stop.set()
        world.publish(3)  # wakes the last wait
        loop.join(8)
    assert not loop.is_alive()


def _end_listeners(world: World) -> None:
    url = urlsplit(world.owner_url)
    with ground.superuser(Path(parse_qs(url.query)["host"][0])) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE starts_with(query, 'LISTEN') AND datname = %s",
            [url.path.strip("/")],
        )


def _until(happened: Callable[[], bool], seconds: float = 8.0) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
