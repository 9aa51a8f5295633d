"""Filing and every list from 10,000 to 1,000,000 requests: CPU beside the floor, PostgreSQL's own times, rows read."""

from __future__ import annotations

import sys
import time
from typing import Any

from app.core import paging
from app.core.db import db, institution_bound
from bench import create, floor, ground, lists, measure, plans, rows

SIZES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
SECONDS = 900.0  # no further size is begun after these
ROUNDS, BATCH = 2, 20
ASKED = 5


def sql(found: ground.Ground, run: Any) -> dict[str, float]:
    """The slowest statement of a request, best of ASKED by PostgreSQL's clock, and the most rows one step looks at."""
    with plans.seen() as sent:
        run()
    slowest = most = 0.0
    with found.app.app_context(), institution_bound(1), db.engine.connect() as connection:
        for statement in sent:
            slowest = max(slowest, min(plans.execution_ms(connection, statement) for _ in range(ASKED)))
            most = max(most, plans.most_read(connection, statement, lists.GROWING))
            connection.rollback()
    return {"sql_ms": round(slowest, 2), "rows": int(most)}


def at(found: ground.Ground, size: int) -> dict[str, Any]:
    """The costs at the present size."""
    bare = floor.build(str(found.servers.sockets))
    building = lists.scalar(found, "SELECT id FROM place WHERE code = 'BENCH7'")
    asked = lists.lists_of(found, building, paging.encode([size // 2]))
    works = {each.name: lists.batches(found, found.app, each, each.address) for each in asked}
    works["floor"] = lists.batches(found, bare, asked[0], "/tickets")
    works["create"] = create.batches(found, found.app, "/api/v1/tickets")
    costs = measure.rounds(works, found.postmaster, times=ROUNDS, batch=BATCH)
    base = sum(costs["floor"])
    told: dict[str, Any] = {name: {"floors": round(sum(cost) / base, 2)} for name, cost in costs.items()}
    for each in asked:
        told[each.name] |= sql(found, works[each.name](1))
    return told


def main() -> None:
    sizes = [int(each) for each in sys.argv[1:]] or list(SIZES)
    drawn: dict[int, dict[str, Any]] = {}
    begun = time.monotonic()
    with ground.running() as found:
        first = 1
        for size in sizes:
            if drawn and time.monotonic() - begun > SECONDS:
                break
            with found.superuser() as connection:
                rows.fill(connection, first, size, quick=size >= 100_000)
            with found.app.app_context():
                db.engine.dispose()  # new connections: no plan of the smaller tables is kept
            drawn[size] = at(found, size)
            first = max(size, lists.scalar(found, "SELECT max(id) FROM ticket")) + 1
        names = drawn[sizes[0]]
        measure.tell(
            "growth",
            sizes=list(drawn),
            drawn={
                name: {key: [drawn[size][name].get(key) for size in drawn] for key in names[name]} for name in names
            },
        )


if __name__ == "__main__":
    main()
