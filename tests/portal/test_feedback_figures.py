"""The figures of feedback: counts by kind, answers in time, lengths; page, file and API say what plain SQL says."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.portal.models import Feedback
from app.portal.rules.feedback import Kind
from app.portal.rules.feedback_figures import Tally
from app.portal.services.feedback import acts
from tests.counting import counted
from tests.factories import accounts, feedback, tickets

pytestmark = pytest.mark.usefixtures("frozen")


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_only_what_is_answered_or_overdue_is_judged(answered: int, kept: int, overdue: int, more: int) -> None:
    tally = Tally(said=answered + overdue + more, answered=answered, in_time=min(kept, answered), overdue=overdue)
    assert (tally.judged, tally.waiting) == (answered + overdue, more)
    assert tally.share == (None if answered + overdue == 0 else tally.in_time / (answered + overdue))


@pytest.fixture
def ground(database: Session) -> tickets.Ground:
    return tickets.Ground()


@pytest.fixture
def overseer(ground: tickets.Ground) -> Person:
    made = accounts.person("supervisor", name="孙主管", locale="en")
    assert made.id
    return made


def fill(ground: tickets.Ground, overseer: Person, now: datetime) -> None:
    """Two complaints answered (one late), one overdue, a question that still has time, and one about the reader."""

    def answered(matter: Feedback, at: datetime) -> None:
        acts.answer(actor=accounts.actor(ground.dispatcher), now=at, feedback_id=matter.id, text="好的")

    early = feedback.said(ground.student, at=now - timedelta(days=20), place_id=ground.room.id)
    answered(early, now - timedelta(days=19))
    late = feedback.said(None, at=now - timedelta(days=20), secret="s" * 26, place_id=ground.room.id)
    answered(late, now - timedelta(days=8))
    feedback.said(ground.student, at=now - timedelta(days=9))
    feedback.said(ground.student, Kind.QUESTION, at=now - timedelta(hours=1))
    feedback.said(ground.student, at=now - timedelta(days=2), about=[overseer])


def page(client: FlaskClient, query: str = "") -> str:
    answer = client.get(f"/feedback/figures{query}")
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def exported(client: FlaskClient, query: str = "") -> dict[str, dict[str, str]]:
    with client.get(f"/feedback/figures.csv{query}") as answer:
        lines = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    return {next(iter(line.values())): line for line in lines}


def test_page_file_and_api_say_what_the_database_says(
    login: Callable[..., FlaskClient], ground: tickets.Ground, overseer: Person, database: Session, now: datetime
) -> None:
    fill(ground, overseer, now)
    client = login(overseer)
    lines = exported(client)
    complaint, question, everything = lines["Complaint"], lines["Enquiry"], lines["all"]
    assert list(complaint.values())[1:10] == ["3", "1", "2", "1", "3", "33.3", "1", "0", "0"]
    assert list(question.values())[1:10] == ["1", "0", "0", "0", "0", "", "0", "1", "0"], "no share of nothing"
    assert everything["Count"] == "4", "what the reader is named in is not counted"
    second = database.execute(
        text(
            """
            SELECT avg(x.minutes) AS work, avg(x.raw) AS raw FROM (
                SELECT first_minutes AS minutes, extract(
                    epoch FROM date_trunc('minute', first_answered_at) - date_trunc('minute', filed_at)
                ) / 60 AS raw
                FROM feedback WHERE first_answered_at IS NOT NULL
            ) x
            """
        )
    ).one()
    assert float(everything["Working minutes to the first answer, median"]) == pytest.approx(
        float(second.work), abs=0.6
    )
    assert float(everything["Raw minutes to the first answer, median"]) == pytest.approx(float(second.raw), abs=0.6)
    shown = page(client)
    assert re.search(r">Complaint</th><td[^>]*>3</td><td[^>]*><b>33.3%</b> <span[^>]*>1 of 3</span>", shown)
    assert "<svg" in shown
    assert "/feedback/desk?view=late&amp;kind=complaint" in shown
    answer = client.get("/api/v1/feedback/figures", headers=accounts.token(overseer))
    assert answer.status_code == 200
    total: dict[str, Any] = answer.json["total"]
    assert (total["said"], total["in_time"], total["overdue"], total["share"]) == (4, 1, 1, 1 / 3)
    assert [each["key"] for each in answer.json["groups"]] == [kind.value for kind in Kind]


def test_by_month_and_building(
    login: Callable[..., FlaskClient], ground: tickets.Ground, overseer: Person, now: datetime
) -> None:
    fill(ground, overseer, now)
    client = login(overseer)
    assert {name: line["Count"] for name, line in exported(client, "?by=month").items()} == {
        "all": "4",
        "2026-10": "2",
        "2026-11": "2",
    }
    by_building = exported(client, "?by=building&first=2026-10-01")
    assert {name: line["Count"] for name, line in by_building.items()} == {
        "all": "4",
        ground.building.name: "2",
        "without one": "2",
    }
    assert "Nothing was said in these days." in page(client, "?first=2020-01-01&last=2020-01-02")


def test_whoever_answers_for_a_building_counts_that_building(
    login: Callable[..., FlaskClient], ground: tickets.Ground, overseer: Person, now: datetime
) -> None:
    fill(ground, overseer, now)
    some = accounts.person("leader", scope_kind="building", scope_id=ground.building.id, locale="en")
    assert exported(login(some))["all"]["Count"] == "2"


def test_a_constant_number_of_statements(
    login: Callable[..., FlaskClient], ground: tickets.Ground, overseer: Person, now: datetime
) -> None:
    client = login(overseer)
    page(client)
    with counted() as few:
        page(client, "?by=kind")
    fill(ground, overseer, now)
    client.get("/")
    with counted() as many:
        page(client, "?by=kind")
    assert len(many) == len(few)


@pytest.mark.parametrize(
    "query", ["first=x", "first=2026-11-02&last=2026-11-01", "first=2000-01-01&last=2026-01-01", "by=x", "first=%00"]
)
def test_what_makes_no_sense_is_refused(
    query: str, login: Callable[..., FlaskClient], overseer: Person, ground: tickets.Ground
) -> None:
    client = login(overseer)
    assert client.get(f"/feedback/figures?{query}").status_code == 422
    assert client.get("/feedback/figures.exe").status_code == 404
