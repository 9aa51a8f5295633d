"""Who leads on duty, and who is responsible for an order (tickets-rules N1)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select, true

from app.accounts.models import Person, Role, RoleGrant
from app.core import settings
from app.core.db import db, valid_on
from app.sites import queries as places
from app.tickets.models import Absence, DutyRoster
from app.tickets.policies import ACCEPT_THIRD, EXTEND


def duty_leads(
    *, campus_id: int | None, trade_id: int, now: datetime, building_id: int | None = None
) -> tuple[int, ...]:
    """Who leads the trade on the campus now and is not away; else the fallback role there, else anywhere, else
    administrators (N1)."""
    named = db.session.scalars(
        select(DutyRoster.person_id)
        .join(Person, Person.id == DutyRoster.person_id)
        .where(
            DutyRoster.starts_at <= now,
            or_(DutyRoster.ends_at.is_(None), DutyRoster.ends_at > now),
            or_(DutyRoster.campus_id.is_(None), DutyRoster.campus_id == campus_id),
            or_(DutyRoster.trade_id.is_(None), DutyRoster.trade_id == trade_id),
            *_at_hand(now),
        )
        .order_by(DutyRoster.campus_id.is_(None), DutyRoster.trade_id.is_(None), DutyRoster.id)
        .limit(1)
    ).all()
    if named:
        return tuple(named)
    return fallback(campus_id=campus_id, building_id=building_id, now=now)


def _there(campus_id: int | None, building_id: int | None) -> ColumnElement[bool]:
    """A role is held for the whole institution, or for that campus or building."""
    return or_(
        RoleGrant.scope_kind == "institution",
        and_(RoleGrant.scope_kind == "campus", RoleGrant.scope_id == campus_id),
        and_(RoleGrant.scope_kind == "building", RoleGrant.scope_id == building_id),
    )


def _at_hand(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The person has a valid account and is not away."""
    away = (
        select(Absence.id)
        .where(
            Absence.institution_id == Person.institution_id,
            Absence.person_id == Person.id,
            Absence.starts_at <= now,
            Absence.ends_at > now,
        )
        .exists()
    )
    return Person.disabled_at.is_(None), valid_on(Person, places.today(now)), ~away


def _holders(role: str | ColumnElement[bool], where: ColumnElement[bool], now: datetime) -> tuple[int, ...]:
    day = places.today(now)
    return tuple(
        db.session.scalars(
            select(RoleGrant.person_id)
            .join(Role, Role.id == RoleGrant.role_id)
            .join(Person, Person.id == RoleGrant.person_id)
            .where(
                Role.code == role if isinstance(role, str) else role,
                where,
                valid_on(RoleGrant, day),
                valid_on(Role, day),
            )
            .where(Person.disabled_at.is_(None), valid_on(Person, day))
            .distinct()
            .order_by(RoleGrant.person_id)
            .limit(20)
        )
    )


def accepting(*, campus_id: int | None, building_id: int | None, now: datetime) -> tuple[int, ...]:
    """Who accepts finished work there as a third party (V): holders of a role with that right."""
    return _holders(Role.permissions.contains([ACCEPT_THIRD]), _there(campus_id, building_id), now)


def extending(*, campus_id: int | None, building_id: int | None, now: datetime) -> tuple[int, ...]:
    """Who may decide on more time there (23)."""
    return _holders(Role.permissions.contains([EXTEND]), _there(campus_id, building_id), now)


def fallback(*, campus_id: int | None, building_id: int | None, now: datetime) -> tuple[int, ...]:
    """The institution's fallback role there, else anywhere, else administrators (N1): never empty where one exists."""
    role = settings.get("tickets.fallback_role")
    for code, where in ((role, _there(campus_id, building_id)), (role, true()), ("admin", true())):
        if holders := _holders(code, where, now):
            return holders
    return ()


def holding(
    roles: Collection[str], *, campus_id: int | None, building_id: int | None, now: datetime
) -> tuple[int, ...]:
    """Whoever holds one of the roles there, in whatever scope covers the place."""
    return _holders(Role.code.in_(sorted(roles)), _there(campus_id, building_id), now)


def supervisors(*, campus_id: int | None, building_id: int | None, now: datetime) -> tuple[int, ...]:
    """Who supervises there; else administrators."""
    there = _there(campus_id, building_id)
    return _holders("supervisor", there, now) or _holders("admin", true(), now)


def deciding(
    *, campus_id: int | None, building_id: int | None, trade_id: int | None, but: int, now: datetime
) -> tuple[int, ...]:
    """Who decides on more time there besides whoever asked: supervisors, else the duty lead of the trade (23)."""
    found = tuple(each for each in supervisors(campus_id=campus_id, building_id=building_id, now=now) if each != but)
    if found or trade_id is None:
        return found
    leads = duty_leads(campus_id=campus_id, building_id=building_id, trade_id=trade_id, now=now)
    return tuple(each for each in leads if each != but)


def responsible(
    *,
    assignee_id: int | None,
    dispatcher_id: int | None,
    campus_id: int | None,
    trade_id: int,
    now: datetime,
    building_id: int | None = None,
) -> tuple[int, ...]:
    """N1: holder or whom it is offered to, else its dispatcher, else the duty lead, else the fallback role."""
    if assignee_id is not None:
        return (assignee_id,)
    if dispatcher_id is not None and _still_there(dispatcher_id, now):
        return (dispatcher_id,)
    return duty_leads(campus_id=campus_id, building_id=building_id, trade_id=trade_id, now=now)


def _still_there(person_id: int, now: datetime) -> bool:
    """Whether a dispatcher's account is valid: who has left is not responsible any more."""
    valid = select(Person.id).where(
        Person.id == person_id, Person.disabled_at.is_(None), valid_on(Person, places.today(now))
    )
    return db.session.scalar(valid) is not None
