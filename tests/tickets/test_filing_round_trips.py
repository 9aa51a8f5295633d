"""What a filing says to PostgreSQL: the hot path is bound by round trips (handbook/performance.md 1.1)."""

from __future__ import annotations

from typing import Any

from flask import Flask

from app.core.db import db, institution_bound
from app.core.transaction import transaction
from tests.counting import round_trips
from tests.factories import accounts, tickets

BEGIN = "BEGIN; SET LOCAL app.institution = '1'"


def test_a_filing_makes_seven_round_trips(committed: Flask) -> None:
    """The beginning, actor, claim of the key, category and place, the filing, the stored answer, the commit."""
    with committed.app_context(), institution_bound(1), transaction():
        place = tickets.Ground()
        sent: dict[str, Any] = {"place_id": str(place.room.id), "category": place.category.code, "description": "漏水"}
        headers = accounts.token(place.student)
    client = committed.test_client()

    def file(key: str) -> None:
        answer = client.post("/api/v1/tickets", json=sent, headers={**headers, "Idempotency-Key": key})
        assert answer.status_code == 201, answer.text

    with committed.app_context():
        db.engine.dispose()
        with db.engine.connect() as only:
            driver: Any = only.connection.driver_connection
    file("warm")

    def said_to_file(key: str) -> list[str]:
        with round_trips(driver) as trips:
            file(key)
        return trips

    fewest = min((said_to_file(f"new {turn}") for turn in range(3)), key=len)  # a cache may have to be read anew
    assert fewest == [BEGIN, *["statement"] * 5, "COMMIT"]
    assert said_to_file("new 0") == [BEGIN, *["statement"] * 3, "COMMIT"], "a repeat reads the stored answer"
