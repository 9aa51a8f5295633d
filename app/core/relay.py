"""The relay: finds due deliveries, rings the queue, re-drives what was not done, begins periodic jobs.

Relay and sweeper are one query. Woken by NOTIFY, polls each second all the same. Two relays may run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import redis
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core import clock, deliveries, periodic, queue
from app.core.db import db, institution_bound
from app.core.institution import institutions
from app.core.outbox import CHANNEL, MAX_ATTEMPTS, OutboxDelivery
from app.core.transaction import transaction

BATCH = 50
POLL_SECONDS = 1.0
PERIODIC_SECONDS = 5.0
UNREACHABLE_SECONDS = 30.0
# how long one attempt may take before the next; grows so that a poison job does not spin
REDRIVE_SECONDS = (6, 6, 6, 10, 20, 60, 300)
# A delivery that kills its worker never records a failure: its attempts are counted instead, generously, since innocent
# ones end without a word too (killed workers, wiped queues).
TRY_LIMIT = MAX_ATTEMPTS * 2

log = logging.getLogger(__name__)


class Relay:
    """State of one relay process: its queue connection and since when the queue is unreachable."""

    def __init__(self, app: Flask, redis_url: str) -> None:
        self.app = app
        self.store = queue.client(redis_url, seconds=1.0)
        self.unreachable_since: float | None = None

    def sweep(self) -> int:
        """One pass over all institutions; returns how many deliveries were rung."""
        with self.app.app_context():
            known = institutions()
            db.session.rollback()
        return sum(self._sweep_institution(facts.id) for facts in known)

    def _sweep_institution(self, institution_id: int) -> int:
        rung = 0
        while True:
            with self.app.app_context(), institution_bound(institution_id):
                try:
                    count = self._ring(institution_id)
                except redis.RedisError as error:
                    return rung + self._without_queue(institution_id, error)
            rung += count
            if count < BATCH:
                return rung

    def _due(self, *conditions: Any) -> list[Any]:
        return list(
            db.session.execute(
                select(OutboxDelivery.id, OutboxDelivery.queue, OutboxDelivery.attempts)
                .where(
                    OutboxDelivery.done_at.is_(None),
                    OutboxDelivery.parked_at.is_(None),
                    OutboxDelivery.next_at <= func.clock_timestamp(),
                    *conditions,
                )
                .order_by(OutboxDelivery.next_at)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
        )

    def _ring(self, institution_id: int) -> int:
        """Ring for up to BATCH due deliveries: claim them, commit, then ring.

        Ringing comes after the commit, for a quick worker must not find the row locked by us. Whatever is claimed
        and not rung (a crash, a queue that went away) is due again within seconds.
        """
        with transaction():
            rows = self._due()
            if not rows:
                return 0
            hanging = queue.waiting(self.store, [(row.queue, row.id, row.attempts) for row in rows if row.attempts])
            bells = [row for row in rows if row.id not in hanging]
            self._claim({row.id: row.attempts for row in rows if row.id in hanging})
            self._claim({row.id: row.attempts + 1 for row in bells})
        rung: set[int] = set()
        try:
            for row in bells:
                queue.enqueue(self.store, row.queue, institution_id, row.id, row.attempts + 1)
                rung.add(row.id)
        except redis.RedisError:
            with transaction():
                self._give_back([row.id for row in bells if row.id not in rung])
            raise
        self.unreachable_since = None
        return len(rows)

    @staticmethod
    def _claim(attempts: dict[int, int]) -> None:
        """Note the attempt and when to look again: one statement for all that share an attempt."""
        by_attempt: dict[int, list[int]] = {}
        for delivery_id, attempt in attempts.items():
            by_attempt.setdefault(attempt, []).append(delivery_id)
        for attempt, ids in by_attempt.items():
            seconds = REDRIVE_SECONDS[min(attempt, len(REDRIVE_SECONDS)) - 1]
            db.session.execute(
                update(OutboxDelivery)
                .where(OutboxDelivery.id.in_(ids))
                .values(
                    attempts=attempt,
                    next_at=func.clock_timestamp() + timedelta(seconds=seconds),
                    parked_at=func.clock_timestamp() if attempt > TRY_LIMIT else None,
                )
            )

    @staticmethod
    def _give_back(ids: list[int]) -> None:
        """These bells never rang: the attempts do not count."""
        db.session.execute(
            update(OutboxDelivery)
            .where(OutboxDelivery.id.in_(ids), OutboxDelivery.done_at.is_(None))
            .values(attempts=OutboxDelivery.attempts - 1, next_at=func.clock_timestamp())
        )

    def _without_queue(self, institution_id: int, error: redis.RedisError) -> int:
        """The queue does not answer: after UNREACHABLE_SECONDS deliver here, slowly, one by one.

        Long jobs wait for the queue: one of them would keep every ticket and notice behind it.
        """
        moment = time.monotonic()
        if self.unreachable_since is None:
            self.unreachable_since = moment
            log.warning("queue unreachable", extra={"error": str(error)})
        if moment - self.unreachable_since < UNREACHABLE_SECONDS:
            return 0
        done = 0
        with self.app.app_context(), institution_bound(institution_id):
            due = [row.id for row in self._due(OutboxDelivery.queue != "long")]
            db.session.rollback()
        for delivery_id in due:
            with self.app.app_context(), institution_bound(institution_id):
                try:
                    done += deliveries.deliver(institution_id, delivery_id)
                except Exception:  # noqa: BLE001, S112 - recorded by deliver(); the next one must still have its turn
                    continue
        return done

    def begin_periodic(self) -> None:
        with self.app.app_context():
            known = institutions()
            db.session.rollback()
        for facts in known:
            with self.app.app_context(), institution_bound(facts.id), transaction():
                periodic.begin_due(clock.now())

    def beat(self) -> None:
        """Tell /readyz that a relay lives."""
        try:
            self.store.set(queue.RELAY_BEAT, "1", ex=queue.RELAY_BEAT_SECONDS)
        except redis.RedisError:
            return


def run(app: Flask, redis_url: str, direct_url: str, stop: Callable[[], bool]) -> None:
    """Loop until `stop()`; reconnects to the database by itself."""
    relay = Relay(app, redis_url)
    conninfo = direct_url.replace("postgresql+psycopg://", "postgresql://", 1)
    while not stop():
        try:
            with psycopg.connect(conninfo, autocommit=True, connect_timeout=3) as listener:
                listener.execute(f"LISTEN {CHANNEL}")
                _loop(relay, listener, stop)
        except (psycopg.Error, DBAPIError, PoolTimeout) as error:
            log.warning("database unreachable", extra={"error": str(error)})
            time.sleep(0.5)


def _loop(relay: Relay, listener: psycopg.Connection[Any], stop: Callable[[], bool]) -> None:
    next_periodic = 0.0
    while not stop():
        relay.beat()
        if time.monotonic() >= next_periodic:
            relay.begin_periodic()
            next_periodic = time.monotonic() + PERIODIC_SECONDS
        relay.sweep()
        for _notice in listener.notifies(timeout=POLL_SECONDS, stop_after=1):
            break
