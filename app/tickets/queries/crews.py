"""Technicians as the ranking needs them, duty leads, and who is responsible for an order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person, Role, RoleGrant
from app.core import settings
from app.core.db import db
from app.core.i18n import DEFAULT_ZONE
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
from app.tickets.rules.dispatching import Technician
from app.tickets.rules.shifts import Span, WeeklyShift, spans_around
from app.tickets.rules.workflow import ORDER_LOAD


def valid_on(table: Any, day: date) -> ColumnElement[bool]:
    """The row of a dated table is valid on a day."""
    return and_(
        or_(table.valid_from.is_(None), table.valid_from <= day), or_(table.valid_to.is_(None), table.valid_to > day)
    )


def places_above(place_id: int | None) -> dict[int, str | None]:
    """The place and all places above it: id → IANA zone (campuses only). Empty for None."""
    if place_id is None:
        return {}
    base = select(Place.id, Place.parent_id, Place.zone_name).where(Place.id == place_id).cte("above", recursive=True)
    parent = aliased(Place)
    climb = base.union_all(
        select(parent.id, parent.parent_id, parent.zone_name).join(base, parent.id == base.c.parent_id)
    )
    return {row.id: row.zone_name for row in db.session.execute(select(climb.c.id, climb.c.zone_name))}


def trade_code(trade_id: int) -> str:
    """The code of a trade, as the ranking compares it."""
    return db.session.scalars(select(Trade.code).where(Trade.id == trade_id)).one()


def technicians(
    *, trade_id: int | None, now: datetime, zone: str | None, only: Collection[int] | None = None
) -> list[Technician]:
    """Everybody with a dispatch row (and the trade, unless it is None) as he is now, in a constant number of reads.

    `zone` is the IANA zone in which shifts are meant: that of the order's campus.
    """
    day = places.today(now)
    people = _people(trade_id, day, only)
    ids = [row.person_id for row in people]
    if not ids:
        return []
    trades = _grouped(
        select(TechnicianTrade.person_id, Trade.code)
        .join(Trade, Trade.id == TechnicianTrade.trade_id)
        .where(TechnicianTrade.person_id.in_(ids), valid_on(TechnicianTrade, day))
    )
    zones = _grouped(
        select(TechnicianZone.person_id, TechnicianZone.place_id).where(
            TechnicianZone.person_id.in_(ids), valid_on(TechnicianZone, day)
        )
    )
    shifts = _shifts(ids, now, zone or DEFAULT_ZONE)
    absences = _absences(ids, now)
    return [
        Technician(
            person_id=row.person_id,
            trades=frozenset(trades[row.person_id]),
            zones=frozenset(zones[row.person_id]),
            cap=row.cap,
            open_orders=row.open_orders,
            shifts=shifts.get((row.person_id, "duty"), ()),
            on_call=shifts.get((row.person_id, "on_call"), ()),
            absences=absences.get(row.person_id, ()),
            last_offered_at=row.last_offer_at,
            account_valid=row.account_valid,
        )
        for row in people
    ]


def _load(person_id: Any) -> Any:
    return (
        select(func.count())
        .select_from(WorkOrder)
        .where(WorkOrder.assignee_id == person_id, WorkOrder.state.in_(sorted(ORDER_LOAD)))
        .correlate(TechnicianProfile)
        .scalar_subquery()
    )


def _people(trade_id: int | None, day: date, only: Collection[int] | None) -> list[Any]:
    valid = and_(Person.disabled_at.is_(None), Person.merged_into_id.is_(None), valid_on(Person, day))
    query = (
        select(
            TechnicianProfile.person_id,
            TechnicianProfile.cap,
            TechnicianProfile.last_offer_at,
            _load(TechnicianProfile.person_id).label("open_orders"),
            valid.label("account_valid"),
        )
        .join(Person, Person.id == TechnicianProfile.person_id)
        .where(valid_on(TechnicianProfile, day))
        .order_by(TechnicianProfile.person_id)
    )
    if trade_id is not None:
        query = query.where(
            exists().where(
                TechnicianTrade.person_id == TechnicianProfile.person_id,
                TechnicianTrade.trade_id == trade_id,
                valid_on(TechnicianTrade, day),
            )
        )
    if only is not None:
        query = query.where(TechnicianProfile.person_id.in_(only))
    return list(db.session.execute(query))


def _grouped(query: Any) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for person_id, value in db.session.execute(query):
        found[person_id].append(value)
    return found


def _shifts(ids: Iterable[int], now: datetime, zone: str) -> dict[tuple[int, str], tuple[Span, ...]]:
    local = ZoneInfo(zone)
    weekly: defaultdict[tuple[int, str], list[WeeklyShift]] = defaultdict(list)
    for row in db.session.execute(
        select(
            Shift.person_id, Shift.kind, Shift.weekday, Shift.starts, Shift.ends, Shift.valid_from, Shift.valid_to
        ).where(Shift.person_id.in_(ids))
    ):
        weekly[row.person_id, row.kind].append(
            WeeklyShift(
                weekday=row.weekday,
                starts=row.starts,
                ends=row.ends,
                valid_from=row.valid_from,
                valid_to=row.valid_to,
            )
        )
    return {key: spans_around(shifts, local, now) for key, shifts in weekly.items()}


def _absences(ids: Iterable[int], now: datetime) -> dict[int, tuple[Span, ...]]:
    found: defaultdict[int, list[Span]] = defaultdict(list)
    for row in db.session.execute(
        select(Absence.person_id, Absence.starts_at, Absence.ends_at).where(
            Absence.person_id.in_(ids), Absence.ends_at > now, Absence.starts_at < now + timedelta(days=2)
        )
    ):
        found[row.person_id].append(Span(row.starts_at, row.ends_at))
    return {person_id: tuple(spans) for person_id, spans in found.items()}


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
