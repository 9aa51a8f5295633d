"""Reports over a year of 100,000 requests: pages, file and API, beside one pass of SQL over the same rows.

The rows are first kept (`services.settling`), which is timed; then a year, a quarter and a month are asked for, and the
year once more from the history alone, as after an upgrade until everything is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import psycopg

from app.core import clock
from app.core.db import db, institution_bound
from app.core.transaction import steps
from app.tickets.services import settling
from bench import ground, histories, measure

REQUESTS, DAYS = 100_000, 365
ROUNDS, BATCH = 2, 1
FLOOR = """
    SELECT source, count(*), avg(work), avg(raw), avg(total), sum(CAST(kept AS integer)), sum(stars), sum(visits),
        sum(offers)
    FROM figure_row WHERE institution_id = 1 AND day BETWEEN %s AND %s GROUP BY source"""


def settled(found: ground.Ground) -> dict[str, float]:
    """Keep all rows, step by step as the worker does; what it took."""
    begun, before = time.process_time(), measure.postgres_cpu(found.postmaster)
    taken = 0
    with found.app.app_context(), institution_bound(1), steps() as step:
        for _until in settling.settle(clock.now()):
            step()
            taken += 1
    cpu = time.process_time() - begun + measure.postgres_cpu(found.postmaster) - before
    return {"cpu_s": round(cpu, 1), "steps": taken}


def pages(today: date) -> dict[str, str]:
    """What is asked for: addresses by name."""

    def since(days: int) -> str:
        return f"first={today - timedelta(days=days)}&last={today}"

    year = since(DAYS)
    return {
        "year": f"/reports?{year}",
        "quarter": f"/reports?{since(92)}",
        "month": f"/reports?{since(31)}",
        "year by crew": f"/reports?{year}&by=crew&figure=respond",
        "year, file": f"/reports/figures.csv?{year}&by=building",
        "year, rows": f"/reports/rows/restore?{year}",
        "year, map": f"/reports/heat?{year}",
        "backlog": "/reports/backlog",
        "year, API": f"/api/v1/reports/figures?{year}",
    }


def asking(found: ground.Ground, address: str) -> Callable[[int], Callable[[], None]]:
    """The requests of a batch, made outside the clock."""
    headers = (found.tokens if address.startswith("/api/") else found.cookies)["dispatcher"]

    def prepare(size: int) -> Callable[[], None]:
        requests = [measure.environ("GET", address, headers) for _ in range(size)]

        def run() -> None:
            for request in requests:
                measure.call(found.app, request, 200)

        return run

    return prepare


def passing(connection: psycopg.Connection[Any], today: date) -> Callable[[int], Callable[[], None]]:
    """One pass over the rows of the year."""

    def prepare(size: int) -> Callable[[], None]:
        def run() -> None:
            for _ in range(size):
                connection.execute(FLOOR, (today - timedelta(days=DAYS), today)).fetchall()

        return run

    return prepare


def seconds(run: Callable[[], None]) -> float:
    """How long it takes by the wall clock, best of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - begun)
    return round(best, 2)


def main() -> None:
    today = clock.now().date()
    with ground.running() as found:
        with found.superuser() as connection:
            histories.fill(connection, REQUESTS, days=DAYS)
        history = asking(found, pages(today)["year"])
        from_history = measure.rounds({"year": history}, found.postmaster, times=1, batch=1)["year"]
        keeping = settled(found)
        with found.superuser() as connection:
            connection.autocommit = True
            connection.execute("VACUUM (ANALYZE) figure_row")
            with found.app.app_context():
                db.engine.dispose()  # new connections: no plan of the empty table is kept
            works = {name: asking(found, address) for name, address in pages(today).items()}
            costs = measure.rounds(
                {**works, "pass": passing(connection, today)}, found.postmaster, times=ROUNDS, batch=BATCH
            )
            wall = {name: seconds(works[name](1)) for name in ("year", "quarter", "month")}
        floor = sum(costs.pop("pass"))
        measure.tell(
            "reports",
            wanted={"year_s": 1},
            requests=REQUESTS,
            days=DAYS,
            wall_s=wall,
            pass_ms=round(floor, 1),
            pages={
                name: {**measure.shown(cost), "passes": round(sum(cost) / floor, 2)} for name, cost in costs.items()
            },
            from_history={**measure.shown(from_history), "passes": round(sum(from_history) / floor, 2)},
            keeping=keeping,
        )


if __name__ == "__main__":
    main()
