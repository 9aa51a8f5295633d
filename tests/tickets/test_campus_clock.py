"""A campus on another clock than the institution: a row of a report shows the hour by which its day is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.tickets.rules.workflow import OrderAct
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.at_work import do, offered
from tests.tickets.reading_reports import fetched, read_csv, table_of

DAY = {"first": "2026-11-17", "last": "2026-11-17"}


@pytest.fixture
def far(database: Session, frozen: datetime) -> factory.Ground:
    """In Los Angeles it is 18:00 of the day before, 17 November."""
    ground = factory.Ground()
    ground.campus.zone_name = "America/Los_Angeles"
    database.flush()
    return ground


@pytest.fixture
def leader(far: factory.Ground, login: Callable[..., FlaskClient]) -> FlaskClient:
    client = login(accounts.person("leader"))
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def test_rows_of_a_figure(far: factory.Ground, leader: FlaskClient) -> None:
    far.file()
    (line,) = read_csv(fetched(leader, "/reports/rows/filed.csv", **DAY))
    assert (line["Day"], line["Time"]) == ("2026-11-17", "18:00")
    (row,) = table_of(fetched(leader, "/reports/rows/filed", **DAY).decode(), "Requests filed")
    assert row[1] == "17 Nov 18:00"


def test_what_a_row_is_made_of(far: factory.Ground, leader: FlaskClient, now: datetime) -> None:
    technician = far.technician()
    order_id = offered(far, now)
    do(technician, order_id, OrderAct.ACCEPT, OrderAct.START, OrderAct.DONE, now=now, note="ok")
    (line,) = read_csv(fetched(leader, "/reports/rows/total.csv", **DAY))
    assert line["Filed"] == "2026-11-17 18:00"
    (row,) = table_of(fetched(leader, "/reports/rows/total", **DAY).decode(), "Whole request")
    assert row[5] == "17 Nov 18:00"


def test_the_open_requests(far: factory.Ground, leader: FlaskClient) -> None:
    far.file()
    (line,) = read_csv(fetched(leader, "/reports/backlog/requests.csv"))
    assert line["Filed"] == "2026-11-17 18:00"
    (row,) = table_of(fetched(leader, "/reports/backlog/requests").decode(), "Open requests")
    assert row[1] == "17 Nov 18:00"
