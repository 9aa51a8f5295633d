"""Technicians changed piece by piece: admitted, trades, zones, cap, shifts, absences, duty leads; each is audited.

`services.crews` sets a whole technician at once (imports, demo) and adds absences and duty leads; the pages change one
thing at a time with these. Trades, zones and shifts end by date, so that what was true then stays readable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound, Rejected
from app.core.held import held
from app.core.seen import Seen
from app.sites import queries as places
from app.tickets import policies
from app.tickets.models import (
    Absence,
    DutyRoster,
    Shift,
    TechnicianProfile,
    TechnicianTrade,
    TechnicianZone,
    Trade,
)
from app.tickets.models.crews import SHIFT_KINDS
from app.tickets.queries import technicians as queries
from app.tickets.rules.shifts import WeeklyShift, still_counts
from app.tickets.services import crews
from app.tickets.services.catalogue import usable_trade

labels.declare(
    verbs={
        "technician.admit": _l("Made somebody a technician"),
        "technician.cap": _l("Changed the limit of a technician"),
        "technician.trade": _l("Changed the trades of a technician"),
        "technician.zone": _l("Changed the zones of a technician"),
        "technician.shift": _l("Changed the shifts of a technician"),
        "absence.end": _l("Ended an absence"),
        "duty.end": _l("Ended a duty"),
    },
)

LEVELS = (1, 2, 3)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftPlan:
    """Shifts to add: weekdays (Monday 0) of every week between two days, or one day. `until`: the last day."""

    starts: time
    ends: time
    kind: str = "duty"
    weekdays: tuple[int, ...] = ()
    since: date | None = None
    until: date | None = None
    on: date | None = None


def admit(*, actor: Actor, now: datetime, person_id: int, cap: int) -> None:
    """Make somebody a technician, or again.

    Whoever has zones elsewhere is not the actor's to plan, as long as he was none too. Raises NotAllowed, Rejected
    (fields `person_id`, `cap`).
    """
    crews.permit_planning(actor)
    _check_cap(cap)
    profile = crews.locked_profile(person_id)
    if profile is None:
        profile = TechnicianProfile(person_id=person_id, cap=cap, valid_from=places.today(now))
        db.session.add(profile)
    elif profile.valid_to is None:
        raise Rejected(fields={"person_id": _l("This person is a technician already.")})
    elif queries.works_elsewhere(actor, person_id):
        raise Rejected(fields={"person_id": _l("This person is not yours to plan.")})
    profile.cap, profile.valid_to = cap, None
    db.session.flush()
    audit.record(actor, "technician.admit", "person", person_id, now=now, after={"cap": cap})


def end(*, actor: Actor, now: datetime, person_id: int, seen: Seen | None = None) -> None:
    """Nothing more is offered to him from today on, on any campus; what he holds stays.

    For whoever plans all his places (`crews.planned_alone`). `seen`, here and below: what the actor had before him
    (None: not asked). Raises NotFound, NotAllowed, Overtaken.
    """
    crews.planned_alone(actor, person_id, seen)
    crews.end_technician(actor=actor, now=now, person_id=person_id)


def set_cap(*, actor: Actor, now: datetime, person_id: int, cap: int, seen: Seen | None = None) -> None:
    """How many orders he may have at a time, on all campuses together: for whoever plans all his places.

    Raises NotFound, NotAllowed, Overtaken, Rejected (field `cap`).
    """
    profile = crews.planned_alone(actor, person_id, seen)
    _check_cap(cap)
    before, profile.cap = profile.cap, cap
    db.session.flush()
    audit.record_change(
        actor, "technician.cap", "person", person_id, now=now, before={"cap": before}, after={"cap": cap}
    )


def set_trade(
    *, actor: Actor, now: datetime, person_id: int, trade_id: int, level: int, seen: Seen | None = None
) -> None:
    """He has the trade from today on, with a level.

    Raises NotFound, NotAllowed, Overtaken, Rejected (`trade`, `level`).
    """
    crews.planned(actor, person_id, seen)
    if level not in LEVELS:
        raise Rejected(fields={"level": _l("Choose a level from 1 to 3.")})
    trade = usable_trade(trade_id, now)
    row = _trade_row(person_id, trade_id)
    before = row.level if row is not None and row.valid_to is None else None
    if row is None:
        db.session.add(
            TechnicianTrade(person_id=person_id, trade_id=trade_id, level=level, valid_from=places.today(now))
        )
    else:
        row.level, row.valid_to = level, None
    db.session.flush()
    audit.record_change(
        actor,
        "technician.trade",
        "person",
        person_id,
        now=now,
        before={trade.code: before},
        after={trade.code: level},
    )


def end_trade(*, actor: Actor, now: datetime, person_id: int, trade_id: int, seen: Seen | None = None) -> None:
    """He no longer has the trade, from today on. Raises NotFound, NotAllowed, Overtaken."""
    crews.planned(actor, person_id, seen)
    row = _trade_row(person_id, trade_id)
    if row is None or row.valid_to is not None:
        raise NotFound
    row.valid_to = places.today(now)
    db.session.flush()
    code = db.session.scalars(select(Trade.code).where(Trade.id == trade_id)).one()
    audit.record(actor, "technician.trade", "person", person_id, now=now, after={code: None})


def add_zone(*, actor: Actor, now: datetime, person_id: int, place_id: int, seen: Seen | None = None) -> None:
    """He works in the place and all below it, from today on; where he does already, nothing is changed.

    Raises NotFound, NotAllowed, Overtaken, Rejected (`place_id`).
    """
    crews.planned(actor, person_id, seen)
    place = places.by_id(place_id)
    if place is None or place.over_by(places.today(now)):
        raise Rejected(fields={"place_id": _l("Choose a place.")})
    if not policies.in_scope(actor, policies.CREWS, place):
        raise Rejected(fields={"place_id": _l("This place is not yours to plan.")})
    row = _zone_row(person_id, place_id)
    if row is not None and row.valid_to is None:
        return
    if row is None:
        db.session.add(TechnicianZone(person_id=person_id, place_id=place_id, valid_from=places.today(now)))
    else:
        row.valid_to = None
    db.session.flush()
    audit.record(actor, "technician.zone", "person", person_id, now=now, after={"added": place.path})


def end_zone(*, actor: Actor, now: datetime, person_id: int, place_id: int, seen: Seen | None = None) -> None:
    """He no longer works there, from today on.

    Raises NotFound (also of a place that is not the actor's to plan), NotAllowed, Overtaken.
    """
    crews.planned(actor, person_id, seen)
    row = _zone_row(person_id, place_id)
    place = places.by_id(place_id)
    if row is None or row.valid_to is not None or place is None:
        raise NotFound
    if not policies.in_scope(actor, policies.CREWS, place):
        raise NotFound
    row.valid_to = places.today(now)
    db.session.flush()
    audit.record(actor, "technician.zone", "person", person_id, now=now, after={"removed": place.path})


def add_shifts(*, actor: Actor, now: datetime, person_id: int, plan: ShiftPlan) -> list[Shift]:
    """Add weekly shifts or the shift of one day, and return them. Ends at or before its beginning: next day.

    Weekdays that no longer come by the last day are left out. Raises NotFound, NotAllowed, Rejected (fields
    `weekdays`, `until`, `kind`; `on` and `until` also where no shift would count any more).
    """
    crews.planned(actor, person_id)
    today = places.today(now)
    rows = [row for row in _planned(plan) if still_counts(WeeklyShift(**row), today)]
    if not rows:
        over = {"until": _l("None of these days comes any more by then.")}
        raise Rejected(fields=over if plan.on is None else {"on": _l("This day is over.")})
    made = [Shift(person_id=person_id, kind=plan.kind, **row) for row in rows]
    db.session.add_all(made)
    db.session.flush()
    audit.record(
        actor,
        "technician.shift",
        "person",
        person_id,
        now=now,
        after={
            "added": f"{plan.starts:%H:%M}-{plan.ends:%H:%M}",
            "kind": plan.kind,
            "weekdays": [row["weekday"] for row in rows],
            "from": str(plan.on or plan.since or ""),
            "to": str(plan.on or plan.until or ""),
        },
    )
    return made


def _planned(plan: ShiftPlan) -> Iterable[dict[str, Any]]:
    if plan.kind not in SHIFT_KINDS:
        raise Rejected(fields={"kind": _l("Choose one of the offered values.")})
    hours = {"starts": plan.starts, "ends": plan.ends}
    if plan.on is not None:
        yield {"weekday": plan.on.weekday(), "valid_from": plan.on, "valid_to": plan.on + ONE_DAY, **hours}
        return
    days = sorted(set(plan.weekdays))
    if not days or not all(0 <= day <= 6 for day in days):
        raise Rejected(fields={"weekdays": _l("Choose at least one day of the week, or give one day.")})
    if plan.since is not None and plan.until is not None and plan.until < plan.since:
        raise Rejected(fields={"until": _l("The end has to come after the beginning.")})
    last = None if plan.until is None else plan.until + ONE_DAY
    for day in days:
        yield {"weekday": day, "valid_from": plan.since, "valid_to": last, **hours}


def end_shift(*, actor: Actor, now: datetime, person_id: int, shift_id: int) -> None:
    """The shift has no further beginnings; one that runs now goes on to its end."""
    crews.planned(actor, person_id)
    row = db.session.scalars(select(Shift).where(Shift.id == shift_id, Shift.person_id == person_id)).first()
    if row is None:
        raise NotFound
    tomorrow = places.today(now) + ONE_DAY
    row.valid_to = tomorrow if row.valid_from is None or row.valid_from < tomorrow else row.valid_from
    db.session.flush()
    audit.record(
        actor,
        "technician.shift",
        "person",
        person_id,
        now=now,
        after={"ended": f"{row.starts:%H:%M}-{row.ends:%H:%M}", "weekday": row.weekday},
    )


def add_absence(
    *, actor: Actor, now: datetime, person_id: int, starts_at: datetime, ends_at: datetime, reason: str | None = None
) -> int:
    """He is away; offers stop for the time. Raises NotFound, NotAllowed, Rejected (field `ends_at`)."""
    crews.planned(actor, person_id)
    return crews.add_absence(
        actor=actor, now=now, person_id=person_id, starts_at=starts_at, ends_at=ends_at, reason=reason
    )


def end_absence(*, actor: Actor, now: datetime, person_id: int, absence_id: int) -> None:
    """He is back: an absence that has begun ends now, one that has not is taken back."""
    crews.planned(actor, person_id)
    row = db.session.scalars(
        select(Absence).where(Absence.id == absence_id, Absence.person_id == person_id, Absence.ends_at > now)
    ).first()
    if row is None:
        raise NotFound
    if row.starts_at < now:
        row.ends_at = now
    else:
        db.session.delete(row)
    db.session.flush()
    audit.record(actor, "absence.end", "person", person_id, now=now, before={"starts_at": row.starts_at.isoformat()})


def set_duty_lead(
    *,
    actor: Actor,
    now: datetime,
    person_id: int,
    starts_at: datetime,
    ends_at: datetime | None,
    campus_id: int | None,
    trade_id: int | None,
) -> int:
    """Somebody leads a trade on a campus (None: all). Raises NotAllowed, Rejected (`campus`, `trade`, `ends_at`)."""
    crews.permit_planning(actor)
    _check_campus(actor, campus_id)
    if trade_id is not None:
        usable_trade(trade_id, now)
    return crews.set_duty_lead(
        actor=actor,
        now=now,
        person_id=person_id,
        starts_at=starts_at,
        ends_at=ends_at,
        campus_id=campus_id,
        trade_id=trade_id,
    )


def end_duty(*, actor: Actor, now: datetime, duty_id: int) -> None:
    """A duty that has begun ends now, one that has not is taken back.

    Raises NotAllowed, NotFound (also of a campus that is not the actor's to plan, and of all where not all are).
    """
    crews.permit_planning(actor)
    row = held(DutyRoster, duty_id)
    if row.ends_at is not None and row.ends_at <= now:
        raise NotFound
    if not policies.in_scope(actor, policies.CREWS, None if row.campus_id is None else places.by_id(row.campus_id)):
        raise NotFound
    if row.starts_at < now:
        row.ends_at = now
    else:
        db.session.delete(row)
    db.session.flush()
    audit.record(actor, "duty.end", "person", row.person_id, now=now, before={"starts_at": row.starts_at.isoformat()})


def _check_campus(actor: Actor, campus_id: int | None) -> None:
    """The duty of one campus is for whoever plans it; that of all campuses for whoever plans them all."""
    campus = None if campus_id is None else places.by_id(campus_id)
    if campus_id is not None and (campus is None or campus.kind != "campus"):
        raise Rejected(fields={"campus": _l("Choose a campus.")})
    if not policies.in_scope(actor, policies.CREWS, campus):
        raise Rejected(fields={"campus": _l("Choose a campus that is yours to plan.")})


def _trade_row(person_id: int, trade_id: int) -> TechnicianTrade | None:
    return db.session.scalars(
        select(TechnicianTrade).where(TechnicianTrade.person_id == person_id, TechnicianTrade.trade_id == trade_id)
    ).first()


def _zone_row(person_id: int, place_id: int) -> TechnicianZone | None:
    return db.session.scalars(
        select(TechnicianZone).where(TechnicianZone.person_id == person_id, TechnicianZone.place_id == place_id)
    ).first()


def _check_cap(cap: int) -> None:
    if not 0 <= cap <= crews.MAX_CAP:
        raise Rejected(fields={"cap": _l("Give a number of orders between 0 and 1000.")})
