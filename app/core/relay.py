"""The relay: finds due deliveries, rings the queue, re-drives what was not done, begins periodic jobs.

A bell (NOTIFY, naming the institution) is answered with that institution's fresh deliveries; once a second everything
due is looked at, bells or none, and what was tried in vain is rung again. Of what has waited for longer a queue is
given little at a time, so that after a long stop somebody's new request does not stand behind last night's. Two relays
may run.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import redis
from flask import Flask
from sqlalchemy import BigInteger, Float, Integer, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.core import clock, deliveries, periodic, queue
from app.core.bell import CHANNEL
from app.core.db import db, driver_address, institution_bound
from app.core.institution import institutions
from app.core.outbox import MAX_ATTEMPTS, OutboxDelivery
from app.core.transaction import transaction

BATCH = 50
FRESH_SECONDS = 10
FULL = 100  # bells in a queue, a second or two of its worker's time: until some are gone, what is not fresh waits here
FIRST_QUEUE = "dispatch"
POLL_SECONDS = 1.0
HELD_BACK_SECONDS = 0.2  # how soon everything is looked at again while a full queue holds something back
PERIODIC_SECONDS = 5.0
UNREACHABLE_SECONDS = 30.0
# how long one attempt may take before the next; grows so that a poison job does not spin
REDRIVE_SECONDS = (6, 6, 6, 10, 20, 60, 300)
# A delivery that kills its worker never records a failure: its attempts are counted instead, generously, since innocent
# ones end without a word too (killed workers, wiped queues).
TRY_LIMIT = MAX_ATTEMPTS * 2

log = logging.getLogger(__name__)


# Fresh deliveries: one statement claims them. Losing its commit in a crash costs a bell rung twice, which is one job
# (reliability.md 5.1), so nobody waits for the disk.
_CLAIM_FRESH = text(
    """
    WITH due AS (
        SELECT institution_id, id FROM outbox_delivery
        WHERE done_at IS NULL AND parked_at IS NULL AND attempts = 0
            AND next_at <= clock_timestamp() AND next_at > clock_timestamp() - make_interval(secs => :fresh)
        ORDER BY next_at LIMIT :batch FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox_delivery AS delivery
    SET attempts = 1, next_at = clock_timestamp() + make_interval(secs => :seconds)
    FROM due WHERE delivery.institution_id = due.institution_id AND delivery.id = due.id
    RETURNING delivery.id, delivery.queue, delivery.attempts, set_config('synchronous_commit', 'off', true)
    """
).bindparams(bindparam("seconds", type_=Float), bindparam("fresh", type_=Float))

# Whatever is due, as it was seen when the queue was asked about it: what has changed since is left alone.
_CLAIM_SEEN = text(
    """
    WITH due AS (
        SELECT delivery.institution_id, delivery.id, given.attempt, given.seconds
        FROM outbox_delivery AS delivery
        JOIN unnest(:ids, :seen, :attempts, :seconds) AS given(id, seen, attempt, seconds) ON given.id = delivery.id
        WHERE delivery.attempts = given.seen AND delivery.next_at <= clock_timestamp()
            AND delivery.done_at IS NULL AND delivery.parked_at IS NULL
        ORDER BY delivery.id FOR UPDATE OF delivery SKIP LOCKED
    )
    UPDATE outbox_delivery AS delivery
    SET attempts = due.attempt, next_at = clock_timestamp() + make_interval(secs => due.seconds),
        parked_at = CASE WHEN due.attempt > :limit THEN clock_timestamp() END
    FROM due WHERE delivery.institution_id = due.institution_id AND delivery.id = due.id
    RETURNING delivery.id, delivery.queue, delivery.attempts
    """
).bindparams(
    bindparam("ids", type_=ARRAY(BigInteger)),
    bindparam("seen", type_=ARRAY(Integer)),
    bindparam("attempts", type_=ARRAY(Integer)),
    bindparam("seconds", type_=ARRAY(Float)),
)


class Relay:
    """State of one relay process: its queue connection, since when the queue is unreachable, and whose turn it is.

    `held_back`: the last sweep left something for later, since its queue was full.
    """

    def __init__(self, app: Flask, redis_url: str) -> None:
        self.app = app
        self.store = queue.client(redis_url, seconds=1.0)
        self.unreachable_since: float | None = None
        self.held_back = False
        self._turn = 0

    def sweep(self) -> int:
        """One pass over all institutions and everything due; returns how many deliveries were claimed.

        Each begins with another institution, so that the backlog of one does not take all the room there is.
        """
        with self.app.app_context():
            known = institutions()
            db.session.rollback()
        first, self._turn = self._turn % max(1, len(known)), self._turn + 1
        self.held_back = False
        return sum(self._until_done(facts.id, self._everything) for facts in (*known[first:], *known[:first]))

    def answer(self, institution_ids: Iterable[int]) -> int:
        """Ring for the fresh deliveries of these institutions: what a bell asks for."""
        return sum(self._until_done(each, self._fresh) for each in institution_ids)

    def _until_done(self, institution_id: int, ring: Callable[[int], int]) -> int:
        """Batch after batch until one was not full."""
        rung = 0
        while True:
            with self.app.app_context(), institution_bound(institution_id):
                try:
                    count = ring(institution_id)
                except redis.RedisError as error:
                    return rung + self._without_queue(institution_id, error)
            rung += count
            if count < BATCH:
                return rung

    def _fresh(self, institution_id: int) -> int:
        """Claim, commit, then ring for up to BATCH deliveries nobody has tried and that have just come due.

        Ringing comes after the commit, for a quick worker must not find the row locked by us. Whatever is claimed
        and not rung (a crash, a queue that went away) is due again within seconds.
        """
        with transaction():
            rows = db.session.execute(
                _CLAIM_FRESH, {"batch": BATCH, "seconds": REDRIVE_SECONDS[0], "fresh": FRESH_SECONDS}
            ).all()
        self._ring(institution_id, rows)
        return len(rows)

    def _everything(self, institution_id: int) -> int:
        """The same for whatever is due, with those whose last attempt came to nothing.

        One that still hangs in the queue only waits longer. The queue is asked before anything is locked: it may take
        its time to answer.
        """
        rows = self._due()
        if rows and (full := [name for name, depth in queue.depths(self.store).items() if depth >= FULL]):
            self.held_back = True
            fresh = OutboxDelivery.next_at > func.clock_timestamp() - timedelta(seconds=FRESH_SECONDS)
            rows = self._due(or_(OutboxDelivery.queue.not_in(full), fresh))
        db.session.rollback()
        if not rows:
            return 0
        hanging = queue.waiting(self.store, [(row.queue, row.id, row.attempts) for row in rows if row.attempts])
        attempts = [row.attempts + (row.id not in hanging) for row in rows]
        with transaction():
            claimed = db.session.execute(
                _CLAIM_SEEN,
                {
                    "ids": [row.id for row in rows],
                    "seen": [row.attempts for row in rows],
                    "attempts": attempts,
                    "seconds": [REDRIVE_SECONDS[min(each, len(REDRIVE_SECONDS)) - 1] for each in attempts],
                    "limit": TRY_LIMIT,
                },
            ).all()
        self._ring(institution_id, [row for row in claimed if row.id not in hanging])
        return len(claimed)

    def _ring(self, institution_id: int, rows: Sequence[Any]) -> None:
        """Ring for claimed deliveries, orders first: somebody waits. Raises RedisError; what was not rung goes back."""
        rung: set[int] = set()
        try:
            for row in sorted(rows, key=lambda row: (row.queue != FIRST_QUEUE, row.id)):
                queue.enqueue(self.store, row.queue, institution_id, row.id, row.attempts)
                rung.add(row.id)
        except redis.RedisError:
            with transaction():
                self._give_back([row.id for row in rows if row.id not in rung])
            raise
        if rung:
            self.unreachable_since = None

    @staticmethod
    def _due(*conditions: Any) -> list[Any]:
        """Up to BATCH due deliveries, the longest due first; nothing is locked."""
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
    while not stop():
        try:
            with psycopg.connect(driver_address(direct_url), autocommit=True, connect_timeout=3) as listener:
                listener.execute(f"LISTEN {CHANNEL}")
                _loop(relay, listener, stop)
        except (psycopg.Error, DBAPIError, PoolTimeout) as error:
            log.warning("database unreachable", extra={"error": str(error)})
            time.sleep(0.5)


def _loop(relay: Relay, listener: psycopg.Connection[Any], stop: Callable[[], bool]) -> None:
    next_round = next_periodic = 0.0
    while not stop():
        if time.monotonic() >= next_round:
            begun = time.monotonic()
            if time.monotonic() >= next_periodic:
                next_periodic = time.monotonic() + PERIODIC_SECONDS
                relay.begin_periodic()
            relay.sweep()
            relay.beat()
            next_round = begun + (HELD_BACK_SECONDS if relay.held_back else POLL_SECONDS)
        wait = max(0.0, next_round - time.monotonic())
        bells = {bell.payload for bell in listener.notifies(timeout=wait, stop_after=1)}
        relay.answer(int(bell) for bell in sorted(bells) if bell.isdecimal())
