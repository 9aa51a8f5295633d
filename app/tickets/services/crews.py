"""Technicians: their dispatch row, trades, zones, weekly shifts and absences; who leads on duty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, select

from app.accounts.models import Person
from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotAllowed, Rejected
from app.core.held import locking
from app.sites import queries as places
from app.tickets import policies
from app.tickets.models import (
    Absence,
    DutyRoster,
    Shift,
    TechnicianProfile,
    TechnicianTrade,
    TechnicianZone,
)

labels.declare(
    verbs={
        "technician.set": _l("Changed a technician"),
        "technician.end": _l("Ended a technician's work"),
        "absence.add": _l("Noted an absence"),
        "duty.set": _l("Changed the duty plan"),
    },
)

MAX_CAP = 1000
WHOLE_WEEK = tuple((day, time(0), time(0)) for day in range(7))
"""Shifts round the clock: (weekday from Monday 0, begins, ends); ends at or before begins means the next day."""


def set_technician(
    *,
    actor: Actor,
    now: datetime,
    person_id: int,
    cap: int,
    trades: Mapping[int, int],
    zones: Iterable[int],
    shifts: Iterable[tuple[int, time, time]] = (),
    on_call: Iterable[tuple[int, time, time]] = (),
) -> None:
    """Make somebody a technician, or replace what he does: `trades` id → level 1–3, `zones` place ids, weekly shifts.

    Raises NotAllowed, Rejected (fields `person_id`, `cap`, `trades`).
    """
    _permit(actor)
    _check(person_id, cap, trades)
    profile = locked_profile(person_id)
    if profile is None:
        profile = TechnicianProfile(person_id=person_id, cap=cap, valid_from=places.today(now))
        db.session.add(profile)
    profile.cap, profile.valid_to = cap, None
    for table in (TechnicianTrade, TechnicianZone, Shift):
        db.session.execute(
            delete(table).where(table.person_id == person_id).execution_options(synchronize_session=False)
        )
    db.session.add_all(
        [TechnicianTrade(person_id=person_id, trade_id=trade, level=level) for trade, level in trades.items()]
    )
    db.session.add_all([TechnicianZone(person_id=person_id, place_id=place) for place in sorted(set(zones))])
    for kind, weekly in (("duty", shifts), ("on_call", on_call)):
        db.session.add_all(
            [
                Shift(person_id=person_id, weekday=day, starts=begins, ends=ends, kind=kind)
                for day, begins, ends in weekly
            ]
        )
    db.session.flush()
    audit.record(
        actor,
        "technician.set",
        "person",
        person_id,
        now=now,
        after={"cap": cap, "trades": {str(trade): level for trade, level in trades.items()}},
    )


def end_technician(*, actor: Actor, now: datetime, person_id: int) -> None:
    """Nothing more is offered to him from today on; what he holds stays until it is given back or reassigned."""
    _permit(actor)
    profile = locked_profile(person_id)
    if profile is not None and profile.valid_to is None:
        profile.valid_to = places.today(now)
        db.session.flush()
        audit.record(actor, "technician.end", "person", person_id, now=now)


def add_absence(
    *, actor: Actor, now: datetime, person_id: int, starts_at: datetime, ends_at: datetime, reason: str | None = None
) -> int:
    """Somebody is away; offers stop for the time. Raises NotAllowed, Rejected (field `ends_at`)."""
    if actor.id != person_id:
        _permit(actor)
    if starts_at >= ends_at:
        raise Rejected(fields={"ends_at": _l("The end has to come after the beginning.")})
    made = Absence(person_id=person_id, starts_at=starts_at, ends_at=ends_at, reason=reason)
    db.session.add(made)
    db.session.flush()
    audit.record(
        actor,
        "absence.add",
        "person",
        person_id,
        now=now,
        after={"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()},
    )
    return made.id


def set_duty_lead(
    *,
    actor: Actor,
    now: datetime,
    person_id: int,
    starts_at: datetime,
    ends_at: datetime | None = None,
    campus_id: int | None = None,
    trade_id: int | None = None,
) -> int:
    """Somebody leads a trade on a campus (None: all) for a time. Raises NotAllowed, Rejected (field `ends_at`)."""
    _permit(actor)
    if ends_at is not None and starts_at >= ends_at:
        raise Rejected(fields={"ends_at": _l("The end has to come after the beginning.")})
    made = DutyRoster(person_id=person_id, campus_id=campus_id, trade_id=trade_id, starts_at=starts_at, ends_at=ends_at)
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "duty.set", "person", person_id, now=now, after={"starts_at": starts_at.isoformat()})
    return made.id


def _permit(actor: Actor) -> None:
    if actor.kind != "system" and not policies.may_edit_crews(actor):
        raise NotAllowed


def locked_profile(person_id: int) -> TechnicianProfile | None:
    """The dispatch row of a person, locked; None for who is no technician."""
    query = select(TechnicianProfile).where(TechnicianProfile.person_id == person_id)
    return db.session.scalars(locking(query)).first()


def _check(person_id: int, cap: int, trades: Mapping[int, int]) -> None:
    if db.session.scalar(select(Person.id).where(Person.id == person_id, Person.disabled_at.is_(None))) is None:
        raise Rejected(fields={"person_id": _l("This person does not exist.")})
    if not 0 <= cap <= MAX_CAP:
        raise Rejected(fields={"cap": _l("Give a number of orders between 0 and 1000.")})
    if not trades or not all(1 <= level <= 3 for level in trades.values()):
        raise Rejected(fields={"trades": _l("Choose at least one trade, each with a level from 1 to 3.")})
