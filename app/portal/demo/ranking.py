"""What the ranking weighs besides the crew: walks between neighbouring buildings, certificates with who holds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import combinations

from sqlalchemy import select

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import db
from app.sites.models import Place
from app.tickets.services import ranking_data

# Minutes between any two houses of a row: the quarters one walks through on a round.
ROWS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (2, ("TY1", "TY2", "TY3", "TY4", "TY5")),
    (2, ("ZY1", "ZY2")),
    (3, ("GY1", "GY2", "GY3")),
    (4, ("JX1", "JX2", "TS")),
    (5, ("JX3", "SY")),
    (9, ("TY3", "ZY1", "ST1")),
    (12, ("TY3", "JX1", "XZ")),
)
ELECTRIC, HEIGHTS = "electrician", "heights"
CERTIFICATES = (
    (ELECTRIC, {"zh-CN": "低压电工证", "en": "Low-voltage electrician"}),
    (HEIGHTS, {"zh-CN": "高处作业证", "en": "Work at height"}),
)


def build(actor: Actor, technicians: Sequence[Person], now: datetime) -> None:
    """Enter walks and certificates; one certificate ends soon, so that somebody sees it coming."""
    houses = dict(db.session.execute(select(Place.code, Place.id).where(Place.kind == "building")).all())
    walks: dict[int, dict[int, int | None]] = {}
    for minutes, row in ROWS:
        for one, other in combinations(row, 2):
            walks.setdefault(houses[one], {}).setdefault(houses[other], minutes)
    for building_id, there in walks.items():
        ranking_data.set_walks(actor=actor, now=now, building_id=building_id, minutes=there)
    made = {
        code: ranking_data.add_certificate(actor=actor, now=now, code=code, name=name) for code, name in CERTIFICATES
    }
    given: tuple[tuple[str, int, date], ...] = (
        (ELECTRIC, 0, now.date() + timedelta(days=500)),
        (ELECTRIC, 1, now.date() + timedelta(days=20)),
        (HEIGHTS, 0, now.date() + timedelta(days=900)),
    )
    for place, (code, turn, last_day) in enumerate(given, start=1):
        ranking_data.give(
            actor=actor,
            now=now,
            person_id=technicians[turn].id,
            certificate_id=made[code],
            number=f"DEMO-{place:04d}",
            last_day=last_day,
        )
