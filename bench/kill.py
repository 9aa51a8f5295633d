"""Filings while processes are killed at random and the queue is wiped: what was acknowledged is offered, once."""

from __future__ import annotations

import sys

from bench import measure
from tests.attack import killing

FILINGS = 300
SEED = 1
PAUSE = (
    0.2,
    0.6,
)  # between two misfortunes, in what the programs take to start: a slow machine is struck less
PACE = 0.8  # seconds between two filings of one of the four clients


def main() -> int:
    """Run one campaign; 1 where anything was lost or doubled."""
    outcome = killing.campaign(FILINGS, SEED, PAUSE, PACE)
    measure.tell(
        "kill",
        wanted={"lost": 0, "photos_lost": 0, "two_technicians": 0, "duplicates": 0, "server_errors": 0},
        pause=PAUSE,
        **killing.described(outcome),
    )
    return 0 if outcome.sound else 1


if __name__ == "__main__":
    sys.exit(main())
