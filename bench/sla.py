"""SLA: due times per second over ten years of calendar, beside the oracle that walks every minute; and both agree.

10,000 random calendars, policies and histories are judged by the product and by the oracle (tests/tickets). The speed
of due times is that of `WorkTime.due` and of day targets over starts in ten years, table building included.
"""

from __future__ import annotations

import os
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date

from app.sites.rules.worktime import Days, WorkTime
from bench.measure import tell
from tests.sites.minutes import Minutes, random_calendar
from tests.tickets import clockwork

CASES = 10_000
SECONDS = 1_000  # a busy machine stops there and says how many it judged
PART = 50
TICKETS = 100_000
YEARS = 10 * 365
BEGIN = (date(2026, 1, 1).toordinal() - date(1970, 1, 1).toordinal()) * 1440


def main() -> int:
    """Print the figures; 1 where the oracle disagrees."""
    speed = due_times()
    begun = time.monotonic()
    judged, wrong = 0, []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        rounds = os.cpu_count() or 1
        for first in range(0, CASES, PART * rounds):
            parts = range(first, min(first + PART * rounds, CASES), PART)
            wrong += [seed for part in pool.map(_judge, parts) for seed in part]
            judged = parts[-1] + PART
            if time.monotonic() - begun > SECONDS:
                break
    seconds = round(time.monotonic() - begun, 1)
    tell("sla", **speed, cases=judged, disagreements=len(wrong), first=wrong[:5], seconds=seconds)
    return 1 if wrong else 0


def due_times() -> dict[str, float]:
    """Due times a second of the product, and of the oracle for the same questions (fewer of them)."""
    chance = random.Random(1)  # noqa: S311 - the same calendar each time
    calendar = random_calendar(chance, date(2026, 1, 1), 3000, "Europe/London")
    starts = [BEGIN + chance.randrange(YEARS * 1440) for _ in range(TICKETS)]
    targets = [chance.choice((30, 120, 240, 1_440, Days(1), Days(3))) for _ in range(TICKETS)]
    begun = time.process_time()
    work = WorkTime(calendar)
    for start, target in zip(starts, targets, strict=True):
        minutes = work.minutes(start, target)
        if minutes is not None:
            work.due(start, minutes)
    product = TICKETS / (time.process_time() - begun)
    few = 20
    begun = time.process_time()
    for start, target in list(zip(starts, targets, strict=True))[:few]:
        counted = Minutes(calendar, start - 1440, 30 * 1440)
        if isinstance(target, Days):
            counted.close_of_day(start, target.count)
        else:
            counted.due(start, target)
    oracle = few / (time.process_time() - begun)
    return {
        "due_per_second": round(product),
        "oracle_per_second": round(oracle, 1),
        "ratio": round(product / oracle),
    }


def _judge(first: int) -> list[int]:
    """The seeds of a part on which oracle and product disagree."""
    return [seed for seed in range(first, first + PART) if clockwork.disagreements(seed)]


if __name__ == "__main__":
    sys.exit(main())
