"""Who leads on duty, and who is responsible for an order (tickets-rules N1)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from app.accounts.models import Person, Role, RoleGrant
from app.core import settings
from app.core.db import db
from app.sites import queries as places
from app.tickets.models import DutyRoster


def valid_on(table: Any, day: date) -> ColumnElement[bool]:
    """The row of a dated table is valid on a day."""
    return and_(
        or_(table.valid_from.is_(None), table.valid_from <= day), or_(table.valid_to.is_(None), table.valid_to > day)
    )


def duty_leads(*, campus_id: int | None, trade_id: int, now: datetime) -> tuple[int, ...]:
    """Who leads the trade on the campus now; else whoever holds the fallback role; else administrators (N1)."""
    found = db.session.scalars(
        select(DutyRoster.person_id)
        .join(Person, Person.id == DutyRoster.person_id)
        .where(
            DutyRoster.starts_at <= now,
            or_(DutyRoster.ends_at.is_(None), DutyRoster.ends_at > now),
            or_(DutyRoster.campus_id.is_(None), DutyRoster.campus_id == campus_id),
            or_(DutyRoster.trade_id.is_(None), DutyRoster.trade_id == trade_id),
            Person.disabled_at.is_(None),
            valid_on(Person, places.today(now)),
        )
        .order_by(DutyRoster.campus_id.is_(None), DutyRoster.trade_id.is_(None), DutyRoster.id)
        .limit(1)
    ).all()
    if found:
        return tuple(found)
    for role in (settings.get("tickets.fallback_role"), "admin"):
        if holders := _holders(role, now):
            return holders
    return ()


def _holders(role: str, now: datetime) -> tuple[int, ...]:
    day = places.today(now)
    return tuple(
        db.session.scalars(
            select(RoleGrant.person_id)
            .join(Role, Role.id == RoleGrant.role_id)
            .join(Person, Person.id == RoleGrant.person_id)
            .where(Role.code == role, valid_on(RoleGrant, day), Person.disabled_at.is_(None), valid_on(Person, day))
            .distinct()
            .order_by(RoleGrant.person_id)
            .limit(20)
        )
    )


def responsible(
    *, assignee_id: int | None, dispatcher_id: int | None, campus_id: int | None, trade_id: int, now: datetime
) -> tuple[int, ...]:
    """N1: holder or whom it is offered to, else its dispatcher, else the duty lead, else the fallback role."""
    if assignee_id is not None:
        return (assignee_id,)
    if dispatcher_id is not None:
        return (dispatcher_id,)
    return duty_leads(campus_id=campus_id, trade_id=trade_id, now=now)
