"""The site under attack: one for each process of the test run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import ground
from tests.attack import live

BODY_SECONDS = 2


@pytest.fixture(scope="session")
def site(worker_id: str) -> Iterator[live.Site]:
    """The web server as deployed (two processes of sixteen threads), without workers: orders wait to be dispatched."""
    with (
        ground.running(f"attack_{worker_id}") as found,
        live.running(live.own_ground(found, worker_id), "web", BODY_TIMEOUT_S=str(BODY_SECONDS)) as running,
    ):
        yield running
