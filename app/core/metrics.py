"""Prometheus figures of all processes of a node, shown on a loopback port of their own.

Every process counts into memory-mapped files of the node's folder (`DATA_DIR/metrics/<node>`); the file is named for
a slot (`web-0`, `dispatch-0` …) that a process holds by a lock for its life, so that a restarted process goes on where
the former one stopped and no file is left behind. One process (a child of worker.py) adds the files up, looks at
outbox and queue, and serves `/metrics`. Without METRICS_PORT nothing is counted.
"""

from __future__ import annotations

import fcntl
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import IO, Any

import redis
from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.core.db import db, institution_bound
from app.core.institution import institutions

HOST = "127.0.0.1"
_taking = threading.Lock()


class _Process:
    """Where this process counts: the node's folder, and its slot while it holds one."""

    folder: Path | None = None
    slot: IO[str] | None = None
    identity = "none"


# The library's own choice is the pid, which would leave a file behind for every process that ever lived.
values.ValueClass = values.MultiProcessValue(process_identifier=lambda: _Process.identity)  # type: ignore[no-untyped-call]  # prometheus_client is not typed there

_unlisted = CollectorRegistry()
REQUESTS = Counter("houqin_requests", "Requests answered", ["endpoint", "method", "status"], registry=_unlisted)
SECONDS = Histogram(
    "houqin_request_seconds",
    "Time from the first hook to the answer, seconds",
    ["endpoint", "method"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    registry=_unlisted,
)
DELIVERIES = Counter(
    "houqin_deliveries", "Deliveries of events to handlers, by outcome", ["handler", "outcome"], registry=_unlisted
)


def install(app: Flask) -> None:
    """Count requests where METRICS_PORT is set. The slot is taken at the first count, after any fork."""
    config = app.config["HOUQIN"]
    if not config.metrics_port:
        return
    _Process.folder = config.data_dir / "metrics" / (platform.node() or "node")
    _Process.folder.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_Process.folder)  # noqa: TID251 - the library reads its folder there alone
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(answer: Response) -> Response:
    began = g.pop("began", None)
    if began is not None and _present("web"):
        endpoint = request.endpoint or "none"
        REQUESTS.labels(endpoint, request.method, str(answer.status_code)).inc()
        SECONDS.labels(endpoint, request.method).observe(time.perf_counter() - began)
    return answer


def delivered(handler: str, outcome: str) -> None:
    """Count one delivery; `outcome` is done or failed."""
    if _present("jobs"):
        DELIVERIES.labels(handler, outcome).inc()


def after_fork() -> None:
    """A forked process takes a slot of its own at its first count."""
    _Process.slot, _Process.identity = None, f"fork-{os.getpid()}"


def _present(role: str) -> bool:
    """Take a free slot of the node; False where nothing is counted."""
    if _Process.folder is None:
        return False
    with _taking:
        if _Process.slot is None:
            _Process.slot, _Process.identity = _free_slot(_Process.folder, role)
    return True


def _free_slot(folder: Path, role: str) -> tuple[IO[str], str]:
    for number in count():
        held = (folder / f"{role}-{number}.lock").open("a")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            continue
        return held, f"{role}-{number}"
    raise AssertionError("numbers end nowhere")


class Outbox:
    """What waits, read at each scrape: deliveries per institution, bells per queue."""

    def __init__(self, app: Flask, depths: Callable[[], dict[str, int]]) -> None:
        self.app, self.depths = app, depths

    def collect(self) -> Iterator[GaugeMetricFamily]:
        due = GaugeMetricFamily("houqin_deliveries_due", "Deliveries due and not done", labels=["institution"])
        age = GaugeMetricFamily(
            "houqin_delivery_oldest_due_seconds", "Age of the oldest delivery that is due", labels=["institution"]
        )
        parked = GaugeMetricFamily("houqin_deliveries_parked", "Deliveries parked", labels=["institution"])
        up = GaugeMetricFamily("houqin_up", "Whether the part answers", labels=["part"])
        up.add_metric(["database"], float(self._deliveries(due, age, parked)))
        depth = GaugeMetricFamily("houqin_queue_depth", "Bells hanging in the queue", labels=["queue"])
        try:
            for name, size in self.depths().items():
                depth.add_metric([name], size)
            up.add_metric(["queue"], 1.0)
        except redis.RedisError:
            up.add_metric(["queue"], 0.0)
        yield from (due, age, parked, depth, up)

    def _deliveries(self, due: GaugeMetricFamily, age: GaugeMetricFamily, parked: GaugeMetricFamily) -> bool:
        try:
            with self.app.app_context():
                known = institutions()
                db.session.rollback()
            for facts in known:
                with self.app.app_context(), institution_bound(facts.id):
                    row = waiting()
                    db.session.rollback()
                due.add_metric([facts.code], row.due)
                age.add_metric([facts.code], float(row.age))
                parked.add_metric([facts.code], row.parked)
        except SQLAlchemyError:
            return False
        return True


def waiting() -> Any:
    """`due`, `age` (seconds of the oldest due) and `parked` of the bound institution, from the partial indexes."""
    from app.core.outbox import OutboxDelivery  # noqa: PLC0415 - deliveries count here and import this

    moment = func.clock_timestamp()
    parked = select(func.count()).where(OutboxDelivery.parked_at.is_not(None)).scalar_subquery()
    return db.session.execute(
        select(
            func.count().label("due"),
            func.coalesce(func.extract("epoch", moment - func.min(OutboxDelivery.next_at)), 0).label("age"),
            parked.label("parked"),
        ).where(OutboxDelivery.done_at.is_(None), OutboxDelivery.parked_at.is_(None), OutboxDelivery.next_at <= moment)
    ).one()


def serve(app: Flask, port: int, depths: Callable[[], dict[str, int]]) -> ThreadingHTTPServer:
    """A server of `/metrics` on the loopback port; the caller runs and closes it. Port 0 takes a free one."""
    if _Process.folder is None:
        raise RuntimeError("nothing is counted: METRICS_PORT is not set")

    def figures() -> bytes:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(_Process.folder))  # type: ignore[no-untyped-call]  # prometheus_client is not typed there
        registry.register(Outbox(app, depths))
        return generate_latest(registry)

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            found = self.path.split("?")[0] == "/metrics"
            body = figures() if found else b"Only /metrics is here.\n"
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", CONTENT_TYPE_LATEST if found else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            """Scrapes are not worth a line."""

    return ThreadingHTTPServer((HOST, port), Handler)
