"""Open requests whose reporter has left, and the dorm office that is the contact from then on (tickets-rules N5).

Whoever left has no account any more, or no longer lives in the room the request is about. The dorm office of a place is
whoever accepts finished work there, those of the narrowest scope: the building's manager before the campus's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Date, and_, cast, func, literal, or_, select

from app.accounts.models import Person, PersonHome, RoleGrant
from app.core.db import db
from app.sites import queries as sites
from app.sites.models import Place
from app.tickets.models import Ticket
from app.tickets.queries import crews
from app.tickets.rules.states import TICKET_OPEN

ACCOUNT, HOME = "account", "home"
_NARROW: Final = ("building", "campus", "institution")


def waiting(now: datetime, limit: int) -> list[int]:
    """Open tickets whose contact is still somebody who has left, the oldest first."""
    day = sites.today(now)
    query = (
        select(Ticket.id)
        .join(Person, and_(Person.institution_id == Ticket.institution_id, Person.id == Ticket.reporter_id))
        .where(
            Ticket.left_at.is_(None),
            Ticket.status.in_(sorted(status.value for status in TICKET_OPEN)),
            or_(_no_account(day), _moved_out(day)),
        )
        .order_by(Ticket.id)
        .limit(limit)
    )
    return list(db.session.scalars(query))


def why(ticket_id: int, now: datetime) -> str | None:
    """Why the reporter of a ticket counts as gone: "account" or "home"; None while he does not."""
    day = sites.today(now)
    row = db.session.execute(
        select(_no_account(day).label(ACCOUNT), _moved_out(day).label(HOME))
        .select_from(Ticket)
        .join(Person, and_(Person.institution_id == Ticket.institution_id, Person.id == Ticket.reporter_id))
        .where(Ticket.id == ticket_id)
    ).first()
    if row is None:
        return None
    return ACCOUNT if row.account else HOME if row.home else None


def _no_account(day: date) -> Any:
    return or_(Person.disabled_at.is_not(None), Person.valid_to <= day)


def _moved_out(day: date) -> Any:
    """He lived in the place (or the one it stands in) when he reported it, and lives there no more."""
    home = and_(
        PersonHome.institution_id == Ticket.institution_id,
        PersonHome.person_id == Ticket.reporter_id,
        or_(
            PersonHome.place_id == Ticket.place_id,
            PersonHome.place_id
            == select(Place.parent_id)
            .where(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id, Place.kind == "asset")
            .scalar_subquery(),
        ),
    )
    filed = cast(Ticket.filed_at, Date)
    ended = select(PersonHome.id).where(
        home, func.upper(PersonHome.during) <= day, func.upper(PersonHome.during) > filed
    )
    lives = select(PersonHome.id).where(home, PersonHome.during.contains(literal(day, Date)))
    return and_(ended.exists(), ~lives.exists())


def office(*, campus_id: int | None, building_id: int | None, now: datetime) -> Sequence[Any]:
    """The dorm office of a place as people (id, name, phone); where there is none, whoever N1 falls back to."""
    people = crews.accepting(campus_id=campus_id, building_id=building_id, now=now)
    if people:
        held = db.session.execute(
            select(RoleGrant.person_id, RoleGrant.scope_kind).where(RoleGrant.person_id.in_(people))
        )
        scopes = {(row.person_id, row.scope_kind) for row in held}
        for kind in _NARROW:
            narrow = [each for each in people if (each, kind) in scopes]
            if narrow:
                people = tuple(narrow)
                break
    else:
        people = crews.fallback(campus_id=campus_id, building_id=building_id, now=now)
    rows = select(Person.id, Person.name, Person.phone).where(Person.id.in_(people)).order_by(Person.id)
    return db.session.execute(rows).all()


def still_here(person_id: int | None, now: datetime) -> bool:
    """Whether somebody still has an account, so that he can be told and can answer."""
    if person_id is None:
        return False
    valid = select(Person.id).where(Person.id == person_id, ~_no_account(sites.today(now)))
    return db.session.scalar(valid) is not None
