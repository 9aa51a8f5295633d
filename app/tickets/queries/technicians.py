"""Technicians as those who plan them see them: trades, zones, cap and load, the week's shifts, absences, duty leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core import i18n, paging
from app.core.actor import Actor
from app.core.db import db
from app.sites import queries as places
from app.sites.models import Place
from app.tickets.models import (
    Absence,
    DutyRoster,
    Shift,
    TechnicianProfile,
    TechnicianTrade,
    TechnicianZone,
    Trade,
    WorkOrder,
)
from app.tickets.policies import CREWS
from app.tickets.queries.crews import valid_on
from app.tickets.rules.shifts import Span, WeeklyShift, merged, next_beginning, on_duty_until, spans_around
from app.tickets.rules.workflow import ORDER_LOAD

WEEK = 7  # days ahead that are shown


@dataclass(slots=True)
class Line:
    """One technician. `duty` and `on_call` are the spans from yesterday to a week ahead; `ended`: no longer one."""

    person_id: int
    name: str
    sort_key: str
    cap: int
    load: int
    ended: bool
    account_valid: bool
    trades: list[Any] = field(default_factory=list)
    zones: list[Any] = field(default_factory=list)
    duty: tuple[Span, ...] = ()
    on_call: tuple[Span, ...] = ()
    absences: list[Any] = field(default_factory=list)

    def on_duty(self, now: datetime) -> datetime | None:
        """Until when he is on a duty shift; None: he is not."""
        return on_duty_until(self.duty, now)

    def next_duty(self, now: datetime) -> datetime | None:
        """When his next duty shift begins within the week."""
        return next_beginning(self.duty, now)

    def absent(self, now: datetime) -> Any:
        """The absence he is in now."""
        return next((each for each in self.absences if each.starts_at <= now < each.ends_at), None)


def in_reach(actor: Actor, person_id: Any = TechnicianProfile.person_id) -> ColumnElement[bool]:
    """Technicians the actor plans: everybody, or those with a zone in his campuses or buildings, or with none yet."""
    scopes = actor.scopes(CREWS)
    if any(scope.kind == "institution" for scope in scopes):
        return true()
    campuses = [scope.id for scope in scopes if scope.kind == "campus"]
    buildings = [scope.id for scope in scopes if scope.kind == "building"]
    zone = aliased(TechnicianZone)
    today = date.today if False else None  # zones of every time count: whoever worked here stays in reach
    assert today is None  # noqa: S101
    has_zone = exists().where(zone.person_id == person_id, zone.valid_to.is_(None))
    here = exists().where(
        zone.person_id == person_id,
        zone.valid_to.is_(None),
        Place.institution_id == zone.institution_id,
        Place.id == zone.place_id,
        or_(Place.campus_id.in_(campuses), Place.building_id.in_(buildings)),
    )
    return or_(~has_zone, here)
