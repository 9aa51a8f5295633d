"""Whom would the ranking choose? The same function for a request nobody has filed; nothing is written (43)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import db, valid_on
from app.core.errors import Rejected
from app.sites import queries as places
from app.sites import scope_words
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import Category, CategoryVersion
from app.tickets.queries import candidates
from app.tickets.rules import dispatching
from app.tickets.rules.demands import impact_at
from app.tickets.rules.dispatching import Ranking
from app.tickets.services import dispatch_settings, priorities


@dataclass(frozen=True, slots=True)
class _Request:
    """A request as the ranking looks at it."""

    id: int
    place_id: int
    category_id: int


@dataclass(frozen=True, slots=True)
class _Order:
    """Its order."""

    id: int
    trade_id: int
    kind: str
    priority: str
    planned_minutes: int
    campus_id: int | None
    building_id: int | None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would happen: the ranking and the priority it was made for."""

    ranking: Ranking
    priority: str
    at: datetime


def whom(*, actor: Actor, at: datetime, place_id: int, category: int | str, urgency: str) -> Foreseen:
    """The ranking for a fault at a place, as a reporter would file it `at` an instant.

    Shifts, absences and certificates are those of that instant, load and whereabouts those of now. `category` is a code
    or an id. Raises NotAllowed; Rejected (fields `place_id`, `category`).
    """
    place = places.by_id(place_id)
    today = places.today(at)
    if place is None or not db.session.scalar(select(Place.id).where(Place.id == place_id, valid_on(Place, today))):
        raise Rejected(fields={"place_id": _l("Choose a place.")})
    scope_words.require(actor, place, policies.DISPATCH)
    named = Category.id == category if isinstance(category, int) else Category.code == category
    found = db.session.scalars(select(Category).where(named, valid_on(Category, today))).first()
    if found is None or found.trade_id is None:
        raise Rejected(fields={"category": _l("Choose what is broken.")})
    impact = impact_at(place.kind, found.impact, _impacts(found))
    priority = priorities.starting(impact, urgency, emergency_category=found.emergency)
    job, surroundings = candidates.job(
        _Request(0, place_id, found.id),
        _Order(0, found.trade_id, "corrective", priority, found.planned_minutes, place.campus_id, place.building_id),
        frozenset(),
    )
    crew = candidates.technicians(trade_id=found.trade_id, now=at, zone=surroundings.zone)
    return Foreseen(dispatching.rank(job, crew, at, dispatch_settings.present()), priority, at)


def _impacts(category: Category) -> dict[str, str] | None:
    """How far its faults reach by kind of place, of the version in force."""
    return db.session.scalar(
        select(CategoryVersion.impacts).where(
            CategoryVersion.category_id == category.id, CategoryVersion.number == category.version
        )
    )
