"""What most tests of requests and orders stand on; ground for those that commit: races, weeks of history."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import db, institution_bound
from app.core.transaction import transaction
from app.portal.demo import command
from app.tickets.services import settling
from tests.factories import accounts
from tests.factories import tickets as make
from tests.ground import Ground as Servers
from tests.ground import empty
from tests.tickets.reading_reports import LATER, MOMENT
from tests.tickets.seldom import seldom


@pytest.fixture
def ground(database: Session) -> make.Ground:
    """One campus, its people and a category; see `factories/tickets.py`."""
    return make.Ground()


@pytest.fixture
def desk(ground: make.Ground, login: Callable[..., FlaskClient]) -> FlaskClient:
    """The dispatcher's browser, in English."""
    return _in_english(login(ground.dispatcher))


@pytest.fixture
def planner(ground: make.Ground, login: Callable[..., FlaskClient]) -> FlaskClient:
    """The supervisor's browser, in English; `ground` is there."""
    return _in_english(login(accounts.person("supervisor", name="周主管")))


def _in_english(client: FlaskClient) -> FlaskClient:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def committed(app: Flask, servers: Servers) -> Iterator[Flask]:
    """Tests that commit; everything they leave is taken away again."""
    yield app
    empty(app, servers)


@pytest.fixture(scope="module")
def history(app: Flask, servers: Servers) -> Iterator[Flask]:
    """Weeks of the demo campus, filled while a worker was there already."""
    with app.app_context(), institution_bound(1), clock.frozen(MOMENT):
        with transaction():
            list(settling.settle(MOMENT))
        command.fill(1, random.Random(3), "demo-pass-2026", MOMENT, 40)
        seldom(MOMENT)
    yield app
    empty(app, servers)


@pytest.fixture
def campus(history: Flask) -> Iterator[Flask]:
    with history.app_context(), institution_bound(1), clock.frozen(LATER):
        yield history
        db.session.rollback()
