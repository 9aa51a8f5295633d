"""Lists and search at 10,000 and at 1,000,000 tickets: CPU beside json_agg, SQL times, statements, plans."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import quote

import orjson
import psycopg

from app.core import paging
from app.core.db import db, institution_bound
from bench import floor, ground, measure, plans, rows

SMALL, LARGE = 10_000, 1_000_000
ROUNDS = 12
TIMED = 60
BATCH = 40
GROWING = ("ticket", "work_order", "offer", "ticket_event")


@dataclass(frozen=True, slots=True)
class List:
    """One list: who asks for which address; on a page (`html`) or over the API."""

    name: str
    who: str
    address: str
    html: bool = False

    @property
    def word(self) -> str:
        """What is searched for, as the address spells it; the floor searches for it too."""
        return self.address.partition("&q=")[2]


def lists_of(found: ground.Ground, building: int, cursor: str) -> list[List]:
    api = "/api/v1/tickets?limit=50"
    common, rare, absent = (quote(word) for word in (rows.COMMON, rows.RARE, rows.ABSENT))
    return [
        List("desk", "dispatcher", api),
        List("desk, deep page", "dispatcher", f"{api}&cursor={cursor}"),
        List("desk, open", "dispatcher", f"{api}&status=accepted"),
        List("desk, building", "dispatcher", f"{api}&place={building}"),
        List(f"desk, q={rows.COMMON} (common)", "dispatcher", f"{api}&q={common}"),
        List(f"desk, q={rows.RARE} (rare)", "dispatcher", f"{api}&q={rare}"),
        List(f"desk, q={rows.ABSENT} (absent)", "dispatcher", f"{api}&q={absent}"),
        List("reporter", "student", f"{api}&mine=1"),
        List(f"reporter, q={rows.COMMON}", "student", f"{api}&q={common}"),
        List("technician, orders", "technician", "/api/v1/work-orders?limit=50"),
        List("technician, mine", "technician", "/api/v1/work-orders?limit=50&mine=1"),
        List("technician, tickets", "technician", api),
        List("page: requests", "dispatcher", "/tickets?limit=50", html=True),
        List("page: dispatch", "dispatcher", "/dispatch?limit=50", html=True),
        List("page: own requests", "student", "/tickets?limit=50", html=True),
        List("page: crew", "technician", "/crew", html=True),
    ]


def batches(found: ground.Ground, app: Any, each: List, address: str) -> Callable[[int], Callable[[], None]]:
    headers = found.cookies[each.who] if each.html else found.tokens[each.who]

    def prepare(size: int) -> Callable[[], None]:
        requests = [measure.environ("GET", address, headers) for _ in range(size)]

        def run() -> None:
            for request in requests:
                measure.call(app, request, 200)

        return run

    return prepare


@contextmanager
def timed() -> Iterator[list[float]]:
    """The seconds each statement took, as the process saw it."""
    spent: list[float] = []

    usual = psycopg.Cursor.execute

    def clocked(cursor: Any, *sent: Any, **options: Any) -> Any:
        begun = time.perf_counter()
        try:
            return usual(cursor, *sent, **options)
        finally:
            spent.append(time.perf_counter() - begun)

    with mock.patch.object(psycopg.Cursor, "execute", clocked):
        yield spent


def measured(found: ground.Ground, size: int) -> dict[str, dict[str, Any]]:
    """Every list at the present size."""
    building = scalar(found, "SELECT id FROM place WHERE code = 'BENCH7'")
    lists = lists_of(found, building, paging.encode([size // 2]))
    results: dict[str, dict[str, Any]] = {}
    bare = floor.build(str(found.servers.sockets))
    for each in lists:
        works = {each.name: batches(found, found.app, each, each.address)}
        if not each.html:
            works["floor"] = batches(found, bare, each, f"/tickets?q={each.word}" if each.word else "/tickets")
        costs = measure.rounds(works, found.postmaster, times=ROUNDS, batch=BATCH)
        results[each.name] = {
            "cpu": costs[each.name],
            "floor": costs.get("floor"),
            **statements(found, works[each.name]),
            "items": None if each.html else items(found, each),
        }
    return results


def items(found: ground.Ground, each: List) -> int:
    answer = measure.call(found.app, measure.environ("GET", each.address, found.tokens[each.who]), 200)
    return len(orjson.loads(answer)["items"])


def statements(found: ground.Ground, prepare: Callable[[int], Callable[[], None]]) -> dict[str, Any]:
    """How many statements a request runs, how long the slowest of many takes, and what is read from end to end."""
    with plans.seen() as sent:
        prepare(1)()
    with timed() as spent:
        prepare(TIMED)()
    whole: set[str] = set()
    with found.app.app_context(), institution_bound(1), db.engine.connect() as connection:
        for statement in sent:
            whole |= plans.read_whole(connection, statement)
            connection.rollback()
    return {
        "statements": len(spent) // TIMED,
        "sql_p50": measure.percentile(spent, 0.5),
        "sql_p99": measure.percentile(spent, 0.99),
        "whole": sorted(whole & set(GROWING)),
    }


def scalar(found: ground.Ground, statement: str) -> int:
    with found.superuser() as connection:
        row = connection.execute(statement).fetchone()
    assert row is not None
    return int(row[0])


def line(small: dict[str, Any], large: dict[str, Any]) -> dict[str, Any]:
    told = {
        "small": measure.shown(small["cpu"]),
        "large": measure.shown(large["cpu"]),
        "growth": round(sum(large["cpu"]) / sum(small["cpu"]), 2),
        "sql_p50_ms": round(large["sql_p50"] * 1000, 2),
        "sql_p99_ms": round(large["sql_p99"] * 1000, 2),
        "statements": [small["statements"], large["statements"]],
        "read_whole": large["whole"],
    }
    if large["floor"]:
        ratios = [sum(size["floor"]) / sum(size["cpu"]) for size in (small, large)]
        told["ratio"] = [round(each, 2) for each in ratios]
        told["growth"] = round(ratios[0] / ratios[1], 2)  # beside the floor, which the machine's noise moves as well
        told["items"] = [small["items"], large["items"]]
    return told


def main() -> None:
    large = int(sys.argv[1]) if len(sys.argv) > 1 else LARGE
    with ground.running() as found:
        with found.superuser() as connection:
            rows.fill(connection, 1, SMALL)
        small = measured(found, SMALL)
        begun = time.monotonic()
        with found.superuser() as connection:
            rows.fill(connection, SMALL + 1, large, quick=True)
        loaded = time.monotonic() - begun
        with found.app.app_context():
            db.engine.dispose()  # new connections: no plan of the small tables is kept
        grown = measured(found, large)
        measure.tell(
            "lists",
            rows=large,
            load_seconds=round(loaded),
            wanted={"ratio": 0.35, "html_ms": 5, "growth": 1.3, "sql_p99_ms": 5},
            lists={name: line(small[name], grown[name]) for name in small},
        )


if __name__ == "__main__":
    main()
