"""Ground for tests that commit: races, and what a request says on the wire."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from flask import Flask

from app.core import clock
from app.core.db import db, institution_bound
from app.core.transaction import transaction
from app.portal.demo import command
from app.tickets.services import settling
from tests import ground
from tests.tickets.reading_reports import LATER, MOMENT
from tests.tickets.seldom import seldom


@pytest.fixture
def committed(app: Flask, servers: ground.Ground) -> Iterator[Flask]:
    """Tests that commit; everything they leave is taken away again."""
    yield app
    ground.empty(app, servers)


@pytest.fixture(scope="module")
def history(app: Flask, servers: ground.Ground) -> Iterator[Flask]:
    """Weeks of the demo campus, filled while a worker was there already."""
    with app.app_context(), institution_bound(1), clock.frozen(MOMENT):
        with transaction():
            list(settling.settle(MOMENT))
        command.fill(1, random.Random(3), "demo-pass-2026", MOMENT, 40)  # noqa: S311 - a play, no secret
        seldom(MOMENT)
    yield app
    ground.empty(app, servers)


@pytest.fixture
def campus(history: Flask) -> Iterator[Flask]:
    with history.app_context(), institution_bound(1), clock.frozen(LATER):
        yield history
        db.session.rollback()
