"""A world for the hand-off: the application as a worker sees it, on committed rows, with handlers of the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import create_engine, text

from app import create_app
from app.core import deliveries, outbox, queue, settings
from app.core.db import institution_bound
from app.core.outbox import Event, Subscribers, Subscription
from app.core.relay import Relay
from app.core.transaction import transaction
from tests import ground


@dataclass(frozen=True, slots=True)
class LampBroke(Event):
    """An event of the tests."""

    lamp: int
    at: str = ""


@dataclass
class World:
    """A worker application, its queue, and what the handlers saw."""

    app: Flask
    store: redis.Redis
    redis_url: str
    owner_url: str
    seen: list[Any] = field(default_factory=list)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """An application context of institution 1."""
        with self.app.app_context(), institution_bound(1):
            yield

    def handle(self, *subscriptions: Subscription) -> None:
        """React to LampBroke with these."""
        self.app.extensions["houqin_subscribers"] = Subscribers({LampBroke: subscriptions})

    def publish(self, lamp: int = 1, **options: Any) -> bool:
        with self.inside(), transaction():
            return outbox.publish(LampBroke(lamp), **options)

    def rows(self, query: str = "SELECT * FROM outbox_delivery ORDER BY id") -> list[Any]:
        """Read past row-level security, as the owner of the tables."""
        engine = create_engine(self.owner_url)
        with engine.begin() as connection:
            found = connection.execute(text(query))
            rows = list(found) if found.returns_rows else []
        engine.dispose()
        return rows

    def make_due(self) -> None:
        """Let the waiting time of every open delivery be over."""
        self.rows("UPDATE outbox_delivery SET next_at = clock_timestamp() - interval '1 second' WHERE done_at IS NULL")

    def sweep(self) -> int:
        return self.relay().sweep()

    def relay(self) -> Relay:
        return Relay(self.app, self.redis_url)

    def work(self, name: str = "dispatch") -> bool:
        """Let a worker run what hangs in one queue, then go."""
        return queue.worker(name, queue.worker_client(self.redis_url)).work(burst=True, logging_level="CRITICAL")

    def deliver(self, delivery_id: int) -> bool:
        with self.inside():
            return deliveries.deliver(1, delivery_id)


SWEEP = "TRUNCATE outbox_delivery, outbox_event, setting_value, audit_entry"


@pytest.fixture(scope="session")
def worker_app(servers: ground.Ground) -> Iterator[Flask]:
    application = create_app(servers.config(), "worker")
    yield application
    ground.let_go(application)


@pytest.fixture
def world(
    worker_app: Flask, servers: ground.Ground, monkeypatch: pytest.MonkeyPatch, restore_signals: None
) -> Iterator[World]:
    """Committed rows are swept away and the queue's database is flushed, before (other tests commit, too) and after."""
    store = queue.client(servers.redis_url)
    store.flushdb()
    monkeypatch.setitem(worker_app.extensions, "houqin_subscribers", Subscribers({}))
    monkeypatch.setattr(deliveries._Served, "application", worker_app)
    found = World(worker_app, store, servers.redis_url, servers.owner_url)
    found.rows(SWEEP)
    yield found
    store.flushdb()
    store.close()
    found.rows(SWEEP)
    settings.forget()


@pytest.fixture
def restore_signals() -> Iterator[None]:
    """A worker takes over the signals of its process; give them back to the test run."""
    import signal

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def collecting(world: World) -> Callable[[Any, Any, datetime], None]:
    """A handler that remembers what it was given."""

    def collect(event: Any, actor: Any, now: datetime) -> None:
        world.seen.append(event)

    return collect
