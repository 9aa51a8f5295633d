"""Hand-off: from the answer 201 to the moment the order is offered, with real web and worker, beside two bare queues.

The floors do one insert where the product ranks technicians: a queue in PostgreSQL (SKIP LOCKED, woken by NOTIFY) and
one of RQ with a SimpleWorker. All three are measured alternately in one run, one job at a time on an idle desk.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from typing import Any

import psycopg
from redis import Redis
from rq import Queue, SimpleWorker

from bench import create, ground, measure

TIMES = 100
ROUNDS = 4
WAIT_SECONDS = 10.0
PAUSE = 0.02
Connection = psycopg.Connection[Any]

TABLES = """
    CREATE TABLE bench_job (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, done_at timestamptz);
    CREATE TABLE bench_done (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp());
"""


def note(sockets: str, number: int) -> None:
    """What the floors' job does: one row, committed."""
    with psycopg.connect(host=sockets, user="postgres", dbname="houqin", autocommit=True) as connection:
        connection.execute("INSERT INTO bench_done (id) VALUES (%s)", [number])


def listener(sockets: str) -> None:
    """The queue in PostgreSQL: sleep until notified, take a row nobody else holds, commit."""
    with psycopg.connect(host=sockets, user="postgres", dbname="houqin", autocommit=True) as connection:
        connection.execute("LISTEN bench_job")
        while True:
            taken: Any = True
            while taken:
                taken = connection.execute(
                    "WITH job AS (UPDATE bench_job SET done_at = now() WHERE id = (SELECT id FROM bench_job "
                    "WHERE done_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id) "
                    "INSERT INTO bench_done (id) SELECT id FROM job RETURNING id"
                ).fetchone()
            for _ in connection.notifies(timeout=5, stop_after=1):
                break


def simple_worker(sockets: str, redis_url: str) -> None:
    store = Redis.from_url(redis_url)
    SimpleWorker([Queue("bench", connection=store)], connection=store).work(logging_level="ERROR")


class Floors:
    """Both bare queues with their workers."""

    def __init__(self, found: ground.Ground, watch: Connection) -> None:
        self.sockets, self.watch = str(found.servers.sockets), watch
        self.url = found.servers.redis_url + "?db=9"
        self.queue = Queue("bench", connection=Redis.from_url(self.url))
        watch.execute(TABLES)
        made = multiprocessing.get_context("spawn").Process
        self.workers = [
            made(target=listener, args=(self.sockets,), daemon=True),
            made(target=simple_worker, args=(self.sockets, self.url), daemon=True),
        ]
        self.number = 1_000_000_000
        for each in self.workers:
            each.start()

    def postgres(self) -> float:
        row = self.watch.execute("INSERT INTO bench_job DEFAULT VALUES RETURNING id").fetchone()
        begun = time.perf_counter()
        self.watch.execute("NOTIFY bench_job")
        assert row is not None
        return _until(self.watch, "SELECT 1 FROM bench_done WHERE id = %s", row[0], begun)

    def rq(self) -> float:
        self.number += 1
        begun = time.perf_counter()
        self.queue.enqueue("bench.handoff.note", self.sockets, self.number)
        return _until(self.watch, "SELECT 1 FROM bench_done WHERE id = %s", self.number, begun)

    def end(self) -> None:
        for each in self.workers:
            each.terminate()
            each.join(10)


def _until(watch: Connection, question: str, number: int, begun: float) -> float:
    """Seconds until a question has an answer, asked every millisecond; WAIT_SECONDS counts as lost."""
    while time.perf_counter() - begun < WAIT_SECONDS:
        if watch.execute(question, [number], prepare=True).fetchone():
            break
        time.sleep(0.001)
    return time.perf_counter() - begun


def product(found: ground.Ground, watch: Connection, client: http.client.HTTPConnection) -> float:
    sent = create.body(found.room, found.category)
    client.request("POST", "/api/v1/tickets", sent, {**create.headers(found), "Content-Type": "application/json"})
    answer = client.getresponse()
    filed = json.loads(answer.read())
    begun = time.perf_counter()
    if answer.status != 201:
        raise SystemExit(f"filing answered {answer.status}: {filed}")
    question = "SELECT 1 FROM offer JOIN work_order o ON o.id = offer.order_id WHERE o.ticket_id = %s"
    return _until(watch, question, int(filed["id"]), begun)


def told(spent: list[float]) -> dict[str, float]:
    return {
        "p50_ms": round(measure.percentile(spent, 0.5) * 1000, 1),
        "p99_ms": round(measure.percentile(spent, 0.99) * 1000, 1),
        "lost": sum(each >= WAIT_SECONDS for each in spent),
    }


def main() -> None:
    with (
        ground.running() as found,
        found.superuser() as watch,
        ground.child(found, "worker.py"),
        ground.served(found, "app.core.supervisor.web") as port,
    ):
        watch.autocommit = True
        floors = Floors(found, watch)
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        ways = {
            "product": lambda: product(found, watch, client),
            "postgres": floors.postgres,
            "rq": floors.rq,
        }
        spent: dict[str, list[float]] = {name: [] for name in ways}
        try:
            for turn in range(ROUNDS + 1):
                for name, way in ways.items():
                    for _ in range(5 if turn == 0 else TIMES // ROUNDS):
                        took = way()
                        time.sleep(PAUSE)
                        if turn:
                            spent[name].append(took)
        finally:
            floors.end()
        figures = {name: told(each) for name, each in spent.items()}
        measure.tell(
            "handoff",
            wanted={"p50_ms": 50, "p99_ms": 250},
            ratio_to_postgres=round(figures["postgres"]["p50_ms"] / figures["product"]["p50_ms"], 3),
            ratio_to_rq=round(figures["rq"]["p50_ms"] / figures["product"]["p50_ms"], 3),
            **figures,
        )


if __name__ == "__main__":
    main()
