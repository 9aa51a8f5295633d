"""Places, catalogue, technicians and tickets for tests."""

from __future__ import annotations

import itertools
from datetime import datetime, time
from typing import Any

from sqlalchemy import select

from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import (
    Category,
    Shift,
    TechnicianProfile,
    TechnicianTrade,
    TechnicianZone,
    Trade,
)
from app.tickets.services import filing
from tests.factories import accounts

_numbers = itertools.count(1)


def place(kind: str, name: str, parent: Place | None = None) -> Place:
    """A place below another; campus and building repeat the ancestors as the product does."""
    number = next(_numbers)
    made = Place(
        kind=kind,
        code=f"P{number}",
        name=name,
        parent_id=parent.id if parent else None,
        campus_id=parent.campus_id if parent else None,
        building_id=parent.building_id if parent else None,
        path=f"{parent.path} · {name}" if parent else name,
        search=name.lower(),
        sort_key=name,
        zone_name="Asia/Shanghai" if kind == "campus" else None,
    )
    db.session.add(made)
    db.session.flush()
    if kind == "campus":
        made.campus_id = made.id
    if kind == "building":
        made.building_id = made.id
    db.session.flush()
    return made


class Ground:
    """A campus with a building, a trade, a category, a student, a dispatcher and technicians on demand."""

    def __init__(self) -> None:
        self.campus = place("campus", "南校区")
        self.building = place("building", "桃园3栋", self.campus)
        self.floor = place("floor", "4层", self.building)
        self.room = place("room", "412", self.floor)
        self.trade = trade("water", "水工", "Plumber")
        self.category = category("tap", self.trade, "水龙头", "Tap")
        self.student = accounts.person("student", name="李小明")
        self.dispatcher = accounts.person("dispatcher", name="王调度")

    def technician(self, *, cap: int = 5, level: int = 2, on_shift: bool = True, role: str = "technician") -> Person:
        """A technician with the trade, the campus as zone and (usually) a shift that never ends."""
        made = accounts.person(role)
        db.session.add_all(
            [
                TechnicianProfile(person_id=made.id, cap=cap),
                TechnicianTrade(person_id=made.id, trade_id=self.trade.id, level=level),
                TechnicianZone(person_id=made.id, place_id=self.campus.id),
            ]
        )
        if on_shift:
            db.session.add_all(
                [Shift(person_id=made.id, weekday=day, starts=time(0), ends=time(0)) for day in range(7)]
            )
        db.session.flush()
        return made

    def file(self, *, by: Person | None = None, at: datetime | None = None, **more: Any) -> filing.Filed:
        """A ticket of the student's about the room's tap."""
        given: dict[str, Any] = {
            "category": self.category.code,
            "place_id": self.room.id,
            "description": "水龙头漏水",
            **more,
        }
        if given.get("place_text"):
            given["place_id"] = None
        return filing.file_ticket(actor=actor(by or self.student), now=at or clock.now(), **given)


def trade(code: str, zh: str, en: str) -> Trade:
    found = db.session.scalars(select(Trade).where(Trade.code == code)).first()
    if found is None:
        found = Trade(code=code, name={"zh-CN": zh, "en": en})
        db.session.add(found)
        db.session.flush()
    return found


def category(code: str, its_trade: Trade | None, zh: str, en: str, **more: Any) -> Category:
    made = Category(code=code, trade_id=its_trade.id if its_trade else None, name={"zh-CN": zh, "en": en}, **more)
    db.session.add(made)
    db.session.flush()
    return made


def actor(person: Person) -> Actor:
    return accounts.actor(person)
