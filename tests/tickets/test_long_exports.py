"""Twenty thousand rows as a file: read and written row by row, a long one needs no more memory (scenario 15)."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.counting import counted
from tests.factories import tickets as make

pytestmark = pytest.mark.usefixtures("frozen")

ROWS = 20_000
SHORTER = 4_000  # a sheet is slow to write while memory is watched
TICKETS = text(
    """
    WITH made AS (
        INSERT INTO ticket (institution_id, number, status, cycle, category_id, place_id, campus_id, building_id,
            description, urgency, impact, priority, may_enter, origin, filed_at, reminders, not_fixed_count, published,
            version, search, grams, place_text)
        SELECT 1, 'R26-' || lpad(CAST(n AS text), 6, '0'), 'submitted', 1, :category, :place, :campus, :building, '',
            'normal', 'room', 'normal', false, 'web', CAST(:now AS timestamptz) - n * interval '1 second', 0, 0, false,
            1, '', '{}', NULL
        FROM generate_series(1, :rows) n
        RETURNING id, filed_at
    )
    INSERT INTO ticket_event (institution_id, ticket_id, at, actor_kind, kind, to_state, audience, cycle)
    SELECT 1, id, filed_at, 'person', 'file', 'submitted', 'everyone', 1 FROM made
    """
)
MOST = 8 * 2**20
"""Bytes an export may hold at a time, most of it the beginning of the file before that goes to disk."""


@pytest.fixture
def desk(request: pytest.FixtureRequest, database: Session, login: Callable[..., FlaskClient], now: Any) -> FlaskClient:
    ground = make.Ground()
    ground.category.name = {"zh-CN": "=1+1", "en": "=1+1"}
    values = {
        "category": ground.category.id,
        "place": ground.room.id,
        "campus": ground.campus.id,
        "building": ground.building.id,
        "now": now,
        "rows": request.param,
    }
    database.execute(TICKETS, values)
    database.execute(text("SET LOCAL enable_seqscan = off"))  # the planner knows nothing of an open transaction's rows
    client = login(ground.dispatcher)
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def peak_of(client: FlaskClient, address: str) -> tuple[int, Any]:
    """The most memory that was held while the answer was made, and the answer, not yet read."""
    client.get(address.replace("first=2026-11-01", "first=2026-11-18&last=2026-11-18")).close()  # what is kept anyway
    tracemalloc.start()
    try:
        answer = client.get(address)
        return tracemalloc.get_traced_memory()[1], answer
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("desk", [ROWS], indirect=True)
def test_a_long_list_is_written_as_it_is_read(desk: FlaskClient) -> None:
    with counted() as statements:
        peak, answer = peak_of(desk, "/reports/rows/filed.csv?first=2026-11-01")
    with answer:
        lines = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert len(lines) == ROWS + 1
    assert len({line[0] for line in lines}) == ROWS + 1
    assert {line[6] for line in lines[1:]} == {"'=1+1"}, "no formula runs"
    assert peak < MOST
    assert len(statements) < 40, "one statement, however many rows"


@pytest.mark.parametrize("desk", [SHORTER], indirect=True)
def test_a_long_sheet_too(desk: FlaskClient) -> None:
    peak, answer = peak_of(desk, "/reports/rows/filed.xlsx?first=2026-11-01")
    with answer:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.get_data())).get_sheet_by_index(0).to_python()
    assert len(sheet) == SHORTER + 1
    assert sheet[1][6] == "=1+1", "text, not a formula"
    assert peak < MOST
