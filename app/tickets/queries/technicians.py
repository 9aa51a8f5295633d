"""Technicians as those who plan them see them: trades, zones, cap and load, the week's shifts, absences, duty leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Integer,
    and_,
    case,
    cast,
    exists,
    extract,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import aliased

from app.accounts.models import CrewMember, Person
from app.core import i18n, paging
from app.core.actor import Actor
from app.core.db import db, valid_on
from app.core.errors import NotFound
from app.core.prepared import Question, Reading, number, value
from app.core.scoped import Reach, reached
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
    if actor.holds_everywhere(CREWS):
        return true()
    return _near(person_id, reached(actor, Place.campus_id, Place.building_id, CREWS))


def _near(person_id: Any, here: ColumnElement[bool]) -> ColumnElement[bool]:
    """Technicians with a zone in a place of which `here` holds, or with none yet."""
    zone = aliased(TechnicianZone)
    has_zone = exists().where(zone.person_id == person_id, zone.valid_to.is_(None))
    return or_(~has_zone, _works(person_id, here))


def _works(person_id: Any, there: ColumnElement[bool]) -> ColumnElement[bool]:
    """Technicians with a zone in a place of which `there` holds."""
    zone = aliased(TechnicianZone)
    return exists().where(
        zone.person_id == person_id,
        zone.valid_to.is_(None),
        Place.institution_id == zone.institution_id,
        Place.id == zone.place_id,
        there,
    )


def works_elsewhere(actor: Actor, person_id: int) -> bool:
    """Whether somebody has a zone in a place the actor does not plan."""
    here = reached(actor, Place.campus_id, Place.building_id, CREWS)
    return bool(db.session.scalar(select(_works(person_id, here.is_not(true())))))


def names(actor: Actor, now: datetime, crew_id: int | None, limit: int) -> list[tuple[int, str]]:
    """(id, name) of the technicians the actor plans, of one crew or all, by name. One statement."""
    return [(row.person_id, row.name) for row in asked(actor, now, crew_id, limit).rows()]


def asked(actor: Actor, now: datetime, crew_id: int | None, limit: int) -> Question:
    """The same, to be asked with others."""
    given = {"day": places.today(now), "crew": crew_id, **_PLANNED.of(actor)}
    return Question(_names(actor.holds_everywhere(CREWS), crew_id is not None, limit), given)


_PLANNED = Reach("planned", CREWS)


@lru_cache(maxsize=64)
def _names(everywhere: bool, of_crew: bool, limit: int) -> Reading:
    today = value("day", Date)
    near = _near(TechnicianProfile.person_id, _PLANNED.rows(Place.campus_id, Place.building_id))
    query = (
        select(TechnicianProfile.person_id, Person.name)
        .join(
            Person,
            and_(Person.institution_id == TechnicianProfile.institution_id, Person.id == TechnicianProfile.person_id),
        )
        .where(valid_on(TechnicianProfile, today), true() if everywhere else near)
        .order_by(Person.sort_key, TechnicianProfile.person_id)
        .limit(number(limit))
    )
    if of_crew:
        query = query.where(TechnicianProfile.person_id.in_(_members(value("crew", BigInteger), today)))
    return Reading(query)


def _members(crew_id: Any, today: Any) -> Any:
    return select(CrewMember.person_id).where(CrewMember.crew_id == crew_id, valid_on(CrewMember, today))


def page(
    actor: Actor,
    now: datetime,
    *,
    trade: str | None = None,
    crew_id: int | None = None,
    q: str = "",
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Line]:
    """Technicians by name, those of today, of a trade (its code) or a crew; six statements however many."""
    query = _select(now).where(valid_on(TechnicianProfile, places.today(now)), in_reach(actor))
    if trade is not None:
        query = query.where(
            exists().where(
                TechnicianTrade.institution_id == TechnicianProfile.institution_id,
                TechnicianTrade.person_id == TechnicianProfile.person_id,
                Trade.institution_id == TechnicianTrade.institution_id,
                Trade.id == TechnicianTrade.trade_id,
                Trade.code == trade,
                valid_on(TechnicianTrade, places.today(now)),
            )
        )
    if crew_id is not None:
        query = query.where(TechnicianProfile.person_id.in_(_members(crew_id, places.today(now))))
    for word in q.lower().split()[:5]:
        query = query.where(Person.search.contains(word, autoescape=True))
    keys: Any = [("sort_key", Person.sort_key.asc()), ("person_id", TechnicianProfile.person_id.asc())]
    found = paging.page(query, keys, cursor, limit)
    return paging.Page(_described(found.items, now), found.next)


def one(actor: Actor, person_id: int, now: datetime) -> Line | None:
    """One technician, also one who no longer is; None for somebody who never was or is out of reach."""
    rows = db.session.execute(_select(now).where(TechnicianProfile.person_id == person_id, in_reach(actor))).all()
    return _described(rows, now)[0] if rows else None


def known(actor: Actor, person_id: int, now: datetime) -> Line:
    """The same. Raises NotFound."""
    found = one(actor, person_id, now)
    if found is None:
        raise NotFound
    return found


def _select(now: datetime) -> Any:
    load = (
        select(func.count())
        .where(
            WorkOrder.institution_id == TechnicianProfile.institution_id,
            WorkOrder.assignee_id == TechnicianProfile.person_id,
            WorkOrder.state.in_(sorted(ORDER_LOAD)),
        )
        .correlate(TechnicianProfile)
        .scalar_subquery()
    )
    today = places.today(now)
    return select(
        TechnicianProfile.person_id,
        Person.name,
        Person.sort_key,
        TechnicianProfile.cap,
        load.label("load"),
        (~valid_on(TechnicianProfile, today)).label("ended"),
        and_(Person.disabled_at.is_(None), valid_on(Person, today)).label("account_valid"),
    ).join(
        Person,
        and_(Person.institution_id == TechnicianProfile.institution_id, Person.id == TechnicianProfile.person_id),
    )


def _described(rows: Sequence[Any], now: datetime) -> list[Line]:
    lines = {row.person_id: Line(**row._mapping) for row in rows}
    if not lines:
        return []
    today = places.today(now)
    for row in trades_of(lines, today):
        lines[row.person_id].trades.append(row)
    for row in zones_of(lines, today):
        lines[row.person_id].zones.append(row)
    for row in _absences(lines, now):
        lines[row.person_id].absences.append(row)
    weekly: dict[tuple[int, str], list[WeeklyShift]] = {}
    for row in shifts_of(lines, today):
        weekly.setdefault((row.person_id, row.kind), []).append(WeeklyShift.of(row))
    zone: Any = i18n.zone()
    for (person_id, kind), shifts in weekly.items():
        spans = merged(spans_around(shifts, zone, now, days=WEEK))
        if kind == "duty":
            lines[person_id].duty = spans
        else:
            lines[person_id].on_call = spans
    return list(lines.values())


def trades_of(person_ids: Any, today: date) -> Any:
    """The trades people have, by code."""
    return db.session.execute(
        select(TechnicianTrade.person_id, Trade.id, Trade.code, Trade.name, TechnicianTrade.level)
        .join(Trade, and_(Trade.institution_id == TechnicianTrade.institution_id, Trade.id == TechnicianTrade.trade_id))
        .where(TechnicianTrade.person_id.in_(list(person_ids)), valid_on(TechnicianTrade, today))
        .order_by(Trade.code)
    )


def zones_of(person_ids: Any, today: date) -> Any:
    """The places people work in, by path."""
    return db.session.execute(
        select(
            TechnicianZone.person_id,
            Place.id,
            Place.name,
            Place.path,
            Place.kind,
            Place.campus_id,
            Place.building_id,
        )
        .join(Place, and_(Place.institution_id == TechnicianZone.institution_id, Place.id == TechnicianZone.place_id))
        .where(TechnicianZone.person_id.in_(list(person_ids)), valid_on(TechnicianZone, today))
        .order_by(Place.path, Place.id)
    )


def _absences(person_ids: Any, now: datetime) -> Any:
    return db.session.execute(_absent(person_ids, now).order_by(Absence.starts_at, Absence.id))


def _absent(person_ids: Any, now: datetime) -> Any:
    """Absences that are not over."""
    return select(Absence.id, Absence.person_id, Absence.starts_at, Absence.ends_at, Absence.reason).where(
        Absence.person_id.in_(list(person_ids)), Absence.ends_at > now
    )


def absences_page(person_id: int, now: datetime, *, cursor: str | None, limit: int) -> paging.Page[Any]:
    """The absences of a technician that are not over, the next one first."""
    keys: Any = [("starts_at", Absence.starts_at.asc()), ("id", Absence.id.asc())]
    return paging.page(_absent([person_id], now), keys, cursor, limit)


def shifts_of(person_ids: Any, today: date) -> Sequence[Any]:
    """The shifts that still count (`_still_counts`), by weekday and time."""
    return db.session.execute(_shifts(person_ids, today).order_by(Shift.weekday, Shift.starts, Shift.id)).all()


def _shifts(person_ids: Any, today: date) -> Any:
    return select(
        Shift.id,
        Shift.person_id,
        Shift.weekday,
        Shift.starts,
        Shift.ends,
        Shift.kind,
        Shift.valid_from,
        Shift.valid_to,
    ).where(Shift.person_id.in_(list(person_ids)), _still_counts(today))


def _still_counts(today: date) -> ColumnElement[bool]:
    """`rules.shifts.still_counts` of rows: a beginning from today on, or over midnight since yesterday."""
    over_midnight = case((Shift.ends <= Shift.starts, 1), else_=0)
    first = func.greatest(literal(today, Date) - over_midnight, Shift.valid_from, type_=Date)
    weekday = cast(extract("isodow", first), Integer) - 1
    return or_(Shift.valid_to.is_(None), first + (Shift.weekday - weekday + WEEK) % WEEK < Shift.valid_to)


def shifts_page(person_id: int, today: date, *, cursor: str | None, limit: int) -> paging.Page[Any]:
    """The same of one technician, a page at a time, in the order in which they were planned."""
    return paging.page(_shifts([person_id], today), [("id", Shift.id.asc())], cursor, limit)


def duty_roster(now: datetime, *, cursor: str | None = None, limit: int = 200) -> paging.Page[Any]:
    """Who leads now and later: campus and trade (None: all), person, from, until; the present ones first."""
    keys: Any = [("starts_at", DutyRoster.starts_at.asc()), ("id", DutyRoster.id.asc())]
    return paging.page(
        _duties().where(or_(DutyRoster.ends_at.is_(None), DutyRoster.ends_at > now)), keys, cursor, limit
    )


def duty(duty_id: int) -> Any:
    """One line of it, also a past one. Raises NotFound."""
    found = db.session.execute(_duties().where(DutyRoster.id == duty_id)).first()
    if found is None:
        raise NotFound
    return found


def _duties() -> Any:
    return (
        select(
            DutyRoster.id,
            DutyRoster.person_id,
            Person.name,
            DutyRoster.campus_id,
            Place.name.label("campus"),
            Place.building_id,
            Trade.code.label("trade_code"),
            Trade.name.label("trade"),
            DutyRoster.starts_at,
            DutyRoster.ends_at,
        )
        .join(Person, and_(Person.institution_id == DutyRoster.institution_id, Person.id == DutyRoster.person_id))
        .outerjoin(Place, and_(Place.institution_id == DutyRoster.institution_id, Place.id == DutyRoster.campus_id))
        .outerjoin(Trade, and_(Trade.institution_id == DutyRoster.institution_id, Trade.id == DutyRoster.trade_id))
    )
