"""RQ on Valkey: a doorbell, never the truth.

One queue per worker process (a worker on two queues can lose a job between pop and start), JSON serializer
and a job class that runs nothing but `deliveries.run` (reliability.md 2.3): whoever writes to Valkey can at
worst ring a bell that finds nothing to do.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.exceptions import DuplicateJobError
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker, Worker

from app.core import deliveries

QUEUES: tuple[str, ...] = ("dispatch", "notices", "long")
TIMEOUT_SECONDS = {"dispatch": 30, "notices": 60, "long": 3600}
ALLOWED: dict[str, Callable[..., Any]] = {"app.core.deliveries.run": deliveries.run}
RELAY_BEAT = "houqin:relay"
RELAY_BEAT_SECONDS = 15
FAILURE_TTL_SECONDS = 3600

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends (Linux; elsewhere nothing).

    Not inherited over fork: every worker and horse calls it for itself, from its main thread.
    """
    try:
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return


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
    return redis.Redis.from_url(
        url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
    )


def worker_client(url: str) -> redis.Redis:
    """A connection for a worker's blocking pop; redis-py's own retries apply."""
    return redis.Redis.from_url(url, health_check_interval=30)


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


def waits_in_list(connection: redis.Redis, name: str, delivery_id: int, attempt: int) -> bool:
    """Whether the bell of that attempt still hangs in the list: a backlog is no loss."""
    return connection.lpos(f"rq:queue:{name}", job_id(delivery_id, attempt)) is not None


class ShortWorker(SimpleWorker):
    """Runs short jobs in its own process: about 4 ms from enqueue to start."""


class LongWorker(Worker):
    """Forks a horse per job; the horse dies with its parent and shares no connection with it."""

    def main_work_horse(self, job: Job, queue: Queue, *args: Any, **options: Any) -> Any:
        die_with_parent()
        deliveries.after_fork()
        return super().main_work_horse(job, queue, *args, **options)


def run_worker(name: str, url: str) -> None:
    """Serve one queue until told to stop; exits when the store fails it in mid-job (the supervisor restarts)."""
    worker_class = LongWorker if name == "long" else ShortWorker
    connection = worker_client(url)
    worker_class(
        [queue(name, connection)],
        name=f"{name}-{os.uname().nodename}-{os.getpid()}",
        connection=connection,
        serializer=JSONSerializer,
        job_class=AllowListJob,
        worker_ttl=30,
        job_monitoring_interval=5,
        maintenance_interval=5,
        default_result_ttl=0,
    ).work(logging_level="WARNING")
