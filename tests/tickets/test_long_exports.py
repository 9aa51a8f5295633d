"""Twenty thousand rows as a file: read and written row by row, a long one needs no more memory (scenario 15)."""

from __future__ import annotations

import csv
import gc
import io
import itertools
import re
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import tables
from app.tickets.reports import rows as reports
from app.tickets.rules.figures import Figure
from tests.counting import counted
from tests.factories import tickets as make
from tests.ground import Ground, empty

pytestmark = pytest.mark.usefixtures("frozen")

ROWS = 20_000
A_ROW_EACH = 10_000
"""Fewer objects than a row for each would be."""
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


@pytest.fixture(scope="module", autouse=True)
def _without_dead_rows(app: Flask, servers: Ground) -> None:
    """What the tests before rolled back lies in the tables still, and these read them whole."""
    empty(app, servers)


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


def held_while(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many objects the process holds, noted at every thousandth row that is written."""
    noted: list[int] = []
    usual, count = reports.row, itertools.count()

    gc.collect()
    gc.freeze()  # what is there already is not looked at again

    def counting(figure: Figure, found: Any) -> list[tables.Cell]:
        if next(count) % 1_000 == 0:
            gc.collect()
            noted.append(sys.getallocatedblocks())
        return usual(figure, found)

    monkeypatch.setattr(reports, "row", counting)
    return noted


@pytest.mark.parametrize("desk", [ROWS], indirect=True)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_long_file_holds_no_more_at_its_end_than_at_its_beginning(
    desk: FlaskClient, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand rows: as many objects at the last thousand as at the second; and what the page lists."""
    listed = desk.get("/reports/rows/filed?first=2026-11-01&limit=100")
    page = listed.get_data(as_text=True)
    assert f"{ROWS:,}" in page, "as many as the figure says"
    noted = held_while(monkeypatch)
    try:
        with desk.get(f"/reports/rows/filed.{form}?first=2026-11-01") as answer:
            lines = lines_of(form, answer.get_data())
    finally:
        gc.unfreeze()
    assert len(noted) == ROWS // 1_000
    assert max(noted[2:]) - noted[1] < A_ROW_EACH, noted
    assert len(lines) == ROWS + 1
    assert re.findall(r'class="mono">(R26-\d+)<', page) == [line[0] for line in lines[1:101]]


def lines_of(form: str, body: bytes) -> list[list[Any]]:
    """The rows of a file, in which no formula stands."""
    if form == "csv":
        lines: list[list[Any]] = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
        assert {line[6] for line in lines[1:]} == {"'=1+1"}, "a spreadsheet takes it for text"
        return lines
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    assert b"=1+1" in sheet, "text, not a formula"
    return CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python()
