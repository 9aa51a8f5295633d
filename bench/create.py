"""Filing a request over HTTP: CPU per request in process, then requests a second, both beside the floor."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from bench import floor, ground, measure

WORDS = "三楼水房的水龙头一直滴水，关不紧，地上已经有一滩水了，走过去容易滑倒。"
CONNECTIONS = 16
SECONDS = 6.0
ROUNDS = 8
BATCH = 300
_turn = itertools.count()


def body(place: int, category: str) -> bytes:
    sent = {"place_id": str(place), "category": category, "description": WORDS, "urgency": "normal"}
    return json.dumps(sent, ensure_ascii=False).encode()


def headers(found: ground.Ground) -> dict[str, str]:
    """A key of its own each time; the floor is told who reports, the product finds out."""
    return {
        "Idempotency-Key": f"{secrets.token_hex(8)}-{next(_turn)}",
        "X-Reporter": str(found.people["student"]),
        **found.tokens["student"],
    }


def batches(found: ground.Ground, app: Any, address: str) -> Callable[[int], Callable[[], None]]:
    """Batches of filings for an application, made ready outside the clock."""
    sent = body(found.room, found.category)

    def prepare(size: int) -> Callable[[], None]:
        requests = [measure.environ("POST", address, headers(found), sent) for _ in range(size)]

        def run() -> None:
            for each in requests:
                measure.call(app, each, 201)

        return run

    return prepare


def in_process(found: ground.Ground) -> measure.Costs:
    works = {
        "floor": batches(found, floor.build(str(found.servers.sockets)), "/tickets"),
        "product": batches(found, found.app, "/api/v1/tickets"),
    }
    for prepare in works.values():
        prepare(BATCH)()
    with found.superuser() as connection:
        # as autovacuum does within a minute: plans made while the tables were empty read them from end to end
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE)")
    return measure.rounds(works, found.postmaster, times=ROUNDS, batch=BATCH)


def over_http(found: ground.Ground, port: int, address: str, seconds: float = SECONDS) -> dict[str, float]:
    """Requests a second, their times, and the CPU of web server, PostgreSQL and Valkey for each.

    Each of the clients sends its next request when it has its answer.
    """
    sent = body(found.room, found.category)
    spent: list[float] = []
    bad: list[float] = []
    barrier = threading.Barrier(CONNECTIONS)

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        barrier.wait()
        until = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < until:
            kind = {"Content-Type": "application/json"}
            connection.request("POST", address, sent, {**headers(found), **kind})
            answer = connection.getresponse()
            answer.read()
            (spent if answer.status == 201 else bad).append(time.perf_counter() - begun)

    threads = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    before = measure.cpu_below(os.getpid())
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    used = measure.cpu_below(os.getpid()) - before
    return {
        "per_second": round(len(spent) / seconds),
        "cpu_ms": round(used / max(1, len(spent)) * 1000, 2),
        "p50_ms": round(measure.percentile(spent, 0.5) * 1000, 1),
        "p99_ms": round(measure.percentile(spent, 0.99) * 1000, 1),
        "refused": len(bad),
    }


def main() -> None:
    with ground.running() as found:
        cost = in_process(found)
        product, least = cost["product"], cost["floor"]
        with (
            ground.served(found, "bench.floor") as floor_port,
            ground.served(found, "app.core.supervisor.web") as port,
        ):
            loads: dict[str, list[dict[str, float]]] = {"floor": [], "product": []}
            for _ in range(2):
                loads["floor"].append(over_http(found, floor_port, "/tickets"))
                loads["product"].append(over_http(found, port, "/api/v1/tickets"))
        best = {name: max(runs, key=lambda run: run["per_second"]) for name, runs in loads.items()}
        measure.tell(
            "create",
            ratio_cpu=round(sum(least) / sum(product), 3),
            wanted=0.25,
            product=measure.shown(product),
            floor=measure.shown(least),
            ratio_http=round(best["product"]["per_second"] / best["floor"]["per_second"], 3),
            http=best,
            connections=CONNECTIONS,
        )


if __name__ == "__main__":
    main()
