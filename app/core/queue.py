"""RQ on Valkey: a doorbell, never the truth.

One queue per worker process (a worker on two queues can lose a job between pop and start), JSON serializer
and a job class that runs nothing but `deliveries.run` (reliability.md 2.3): whoever writes to Valkey can at
worst ring a bell that finds nothing to do.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterable
from typing import Any

import redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker, Worker
from rq.worker.base import BaseWorker

from app.core import deliveries, valkey
from app.core.launch import process

QUEUES: tuple[str, ...] = ("dispatch", "notices", "long")
# On a machine that has too much to do, orders go before notices, and web requests (0) before long jobs.
NICENESS = {"dispatch": 0, "notices": 3, "long": 5}
TIMEOUT_SECONDS = {"dispatch": 30, "notices": 60, "long": 3600}
ALLOWED: dict[str, Callable[..., Any]] = {"app.core.deliveries.run": deliveries.run}
RELAY_BEAT = "houqin:relay"
RELAY_BEAT_SECONDS = 15
FAILURE_TTL_SECONDS = 3600
WORKER_BEAT = "houqin:worker:{}"
IDLE_SECONDS = 5  # how long one blocking pop waits: the interval of an idle worker's beat
ANSWER_SECONDS = 2  # how long a worker gives Valkey to connect, or to answer beyond the time of a blocking pop
BEAT_SECONDS = 20

Promise = Callable[[float], None]

log = logging.getLogger(__name__)


class AllowListJob(Job):
    """A job that resolves to an allowed function or to nothing; instance calls and callbacks do not exist."""

    @property
    def func(self) -> Callable[..., Any]:
        if self.instance is not None or self.func_name not in ALLOWED:
            raise PermissionError(f"job {self.id} names a function that is not allowed")
        return ALLOWED[self.func_name]

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None

    def restore(self, raw_data: Any) -> Any:
        super().restore({name: value for name, value in raw_data.items() if name != b"webhooks"})
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None


def client(url: str, *, seconds: float = 0.3) -> redis.Redis:
    """A connection pool for enqueuing: short time-outs and no retry, since the outbox retries."""
    return valkey.connect(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0))


def worker_client(url: str) -> redis.Redis:
    """A connection for a worker's blocking pop: some patience, short waits, so that it is back soon after an outage.

    A server that refuses is asked once more; one that takes connections and says nothing is not, since redis-py nests
    its retries: no call may last as long as what the worker has promised of its next beat.
    """
    return valkey.connect(
        url,
        socket_timeout=IDLE_SECONDS + ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), 1, supported_errors=(redis.ConnectionError,)),
    )


def queue(name: str, connection: redis.Redis) -> Queue:
    return Queue(name, connection=connection, serializer=JSONSerializer, job_class=AllowListJob)


def job_id(delivery_id: int, attempt: int) -> str:
    return f"evt-{delivery_id}-{attempt}"


def enqueue(connection: redis.Redis, name: str, institution_id: int, delivery_id: int, attempt: int) -> None:
    """Ring for one attempt of a delivery; the same attempt enqueued twice is one job."""
    try:
        queue(name, connection).enqueue_call(
            "app.core.deliveries.run",
            args=(institution_id, delivery_id),
            timeout=TIMEOUT_SECONDS[name],
            result_ttl=0,
            failure_ttl=FAILURE_TTL_SECONDS,
            job_id=job_id(delivery_id, attempt),
            unique=True,
        )
    except DuplicateJobError:
        return


def waiting(connection: redis.Redis, bells: list[tuple[str, int, int]]) -> set[int]:
    """Which deliveries of (queue, delivery, attempt) still hang in their list: a backlog is no loss. One round trip."""
    if not bells:
        return set()
    with connection.pipeline(transaction=False) as pipeline:
        for name, delivery_id, attempt in bells:
            pipeline.lpos(f"rq:queue:{name}", job_id(delivery_id, attempt))
        found = pipeline.execute()
    return {bell[1] for bell, position in zip(bells, found, strict=True) if position is not None}


def depths(connection: redis.Redis) -> dict[str, int]:
    """How many bells hang in each queue."""
    with connection.pipeline(transaction=False) as pipeline:
        for name in QUEUES:
            pipeline.llen(f"rq:queue:{name}")
        return dict(zip(QUEUES, pipeline.execute(), strict=True))


def depths_of(url: str) -> dict[str, int] | None:
    """The same for who holds no connection; None where the store does not answer."""
    store = client(url)
    try:
        return depths(store)
    except redis.RedisError:
        return None
    finally:
        store.close()


def beats(connection: redis.Redis) -> dict[str, bool]:
    """Whether the relay and at least one worker of each queue have shown a sign of life lately."""
    names = {"relay": RELAY_BEAT, **{name: WORKER_BEAT.format(name) for name in QUEUES}}
    found: Iterable[Any] = connection.mget(list(names.values()))
    return {name: value is not None for name, value in zip(names, found, strict=True)}


class _OneQueue(BaseWorker):
    """What our workers share: a beat that /readyz reads, short waits, and maintenance that cannot end them.

    `promise` is told at each beat within how many seconds the next one comes, whether or not the store takes the beat.
    """

    promise: Promise = staticmethod(lambda _seconds: None)
    max_connection_wait_time = 2.0

    @property
    def dequeue_timeout(self) -> int:
        return IDLE_SECONDS

    @property
    def connection_timeout(self) -> int:
        """RQ raises the client's time-out to this."""
        return IDLE_SECONDS + ANSWER_SECONDS

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ's sign of life and ours in one round trip; it beats three times around every job."""
        lasts = max(BEAT_SECONDS, timeout or 0)
        self.promise(lasts)
        with contextlib.ExitStack() as stack:
            store = pipeline
            if store is None:
                store = stack.enter_context(self.connection.pipeline(transaction=False))
            super().heartbeat(timeout, store)
            for each in self.queues:
                store.set(WORKER_BEAT.format(each.name), "1", ex=lasts)
            if pipeline is None:
                store.execute()

    def run_maintenance_tasks(self) -> None:
        """RQ's own tidying. A broken key must not end every worker at every start (reliability.md 2.3)."""
        try:
            super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # RQ is not typed there
        except Exception as error:  # noqa: BLE001 - whatever lies in Valkey; the outbox needs none of this
            log.warning("queue maintenance failed", extra={"error": repr(error)})
        self.promise(BEAT_SECONDS)  # before the pop: a silent store may have taken its time for each


class ShortWorker(_OneQueue, SimpleWorker):
    """Runs short jobs in its own process: about 4 ms from enqueue to start."""


class LongWorker(_OneQueue, Worker):
    """Forks a horse per job; the horse dies with its parent and shares no connection with it."""

    def maintain_heartbeats(self, job: Job, execution: Execution) -> None:
        """The beat during a job, which needs PostgreSQL alone: a store that is away does not end it."""
        try:
            super().maintain_heartbeats(job, execution)
        except redis.RedisError as error:
            log.warning("no beat", extra={"error": repr(error)})

    def main_work_horse(self, job: Job, queue: Queue, *args: Any, **options: Any) -> Any:
        process.die_with_parent(parent=self.pid)
        deliveries.after_fork()
        return super().main_work_horse(job, queue, *args, **options)


def run_worker(name: str, url: str, promise: Promise) -> None:
    """Serve one queue until told to stop; returns when the store fails it in mid-job (worker.py starts it again)."""
    os.nice(NICENESS[name])
    serving = worker(name, worker_client(url))
    serving.promise = promise
    serving.work(logging_level="WARNING")


def worker(name: str, connection: redis.Redis) -> _OneQueue:
    """A worker of exactly one queue."""
    worker_class = LongWorker if name == "long" else ShortWorker
    return worker_class(
        [queue(name, connection)],
        name=f"{name}-{os.uname().nodename}-{os.getpid()}",
        connection=connection,
        serializer=JSONSerializer,
        job_class=AllowListJob,
        worker_ttl=30,
        job_monitoring_interval=5,
        maintenance_interval=5,
        default_result_ttl=0,
    )
