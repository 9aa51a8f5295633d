"""Reading duty contacts: the emergency ones first, then in their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from app.core.actor import Actor
from app.core.db import db
from app.portal.models import DutyContact
from app.sites import queries as sites
from app.sites import search
from app.sites.models import Place

AT_MOST = 300

_COLUMNS: tuple[Any, ...] = (
    DutyContact.id,
    DutyContact.name,
    DutyContact.purpose,
    DutyContact.hours,
    DutyContact.phone,
    DutyContact.campus_id,
    Place.name.label("campus_name"),
    DutyContact.emergency,
    DutyContact.position,
    DutyContact.version,
)
NAMES: tuple[str, ...] = tuple(column.key for column in _COLUMNS)


def _select() -> Any:
    return (
        select(*_COLUMNS)
        .outerjoin(Place, and_(Place.institution_id == DutyContact.institution_id, Place.id == DutyContact.campus_id))
        .where(DutyContact.valid_to.is_(None))
        .order_by(DutyContact.emergency.desc(), DutyContact.position, DutyContact.id)
    )


def all_of(campus_id: int | None = None) -> Sequence[Any]:
    """All contacts; with a campus those of it and those for every campus."""
    query = _select()
    if campus_id is not None:
        query = query.where(or_(DutyContact.campus_id.is_(None), DutyContact.campus_id == campus_id))
    return db.session.execute(query.limit(AT_MOST)).all()


def for_home(actor: Actor, limit: int) -> Sequence[Any]:
    """The emergency contacts of where somebody lives."""
    query = _select().where(DutyContact.emergency)
    home = sites.by_id(actor.home_place_id) if actor.home_place_id else None
    if home is not None:
        query = query.where(or_(DutyContact.campus_id.is_(None), DutyContact.campus_id == home.campus_id))
    return db.session.execute(query.limit(limit)).all()


def one(contact_id: int) -> Any:
    """A contact; None for an unknown or closed one."""
    return db.session.execute(_select().where(DutyContact.id == contact_id)).first()


def campuses(now: Any) -> Sequence[Any]:
    """The campuses a contact may be for."""
    return search.find(sites.today(now), top=True, limit=100).items
