"""What ends a technician's work or keeps him away from it, and who leads on duty; `technicians` plans the rest.

Somebody who works on several campuses is planned by whoever plans one of them: trades, certificates, shifts and
absences are what either desk learns first, and is to enter. What decides how much the other campus gets of him is for
whoever plans all his places (`planned_alone`): how many orders he has at a time, and whether he is a technician.
"""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotAllowed, NotFound, Rejected
from app.core.held import locking
from app.core.refusals import permit
from app.core.seen import Seen, check
from app.sites import queries as places
from app.tickets import policies
from app.tickets.models import Absence, DutyRoster, TechnicianProfile
from app.tickets.queries import technicians as queries

labels.declare(
    verbs={
        "technician.end": _l("Ended a technician's work"),
        "absence.add": _l("Noted an absence"),
        "duty.set": _l("Changed the duty plan"),
    },
)

USUAL_CAP, MAX_CAP = 8, 1000
"""Orders somebody may have at a time, where nothing else is said and at most."""
SHARED = _l("Works in places that are not yours to plan, too: this is for whoever plans all of them.")


def end_technician(*, actor: Actor, now: datetime, person_id: int) -> None:
    """Nothing more is offered to him from today on; what he holds stays until it is given back or reassigned."""
    permit_planning(actor)
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
        permit_planning(actor)
    _check_span(starts_at, ends_at, now)
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
    permit_planning(actor)
    _check_span(starts_at, ends_at, now)
    made = DutyRoster(person_id=person_id, campus_id=campus_id, trade_id=trade_id, starts_at=starts_at, ends_at=ends_at)
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "duty.set", "person", person_id, now=now, after={"starts_at": starts_at.isoformat()})
    return made.id


def _check_span(starts_at: datetime, ends_at: datetime | None, now: datetime) -> None:
    """What is over would never be shown again."""
    if ends_at is not None and starts_at >= ends_at:
        raise Rejected(fields={"ends_at": _l("The end has to come after the beginning.")})
    if ends_at is not None and ends_at <= now:
        raise Rejected(fields={"ends_at": _l("This is over already.")})


def permit_planning(actor: Actor) -> None:
    """Raise NotAllowed for who plans nobody."""
    permit(actor, policies.may_edit_crews)


def planned(actor: Actor, person_id: int, seen: Seen | None = None) -> TechnicianProfile:
    """The technician's locked row, as its editor saw it.

    Raises NotAllowed, Overtaken; NotFound where there is none or he is not the actor's to plan.
    """
    row = _planned(actor, person_id)
    check(row, seen)
    return row


def planned_alone(actor: Actor, person_id: int, seen: Seen | None = None) -> TechnicianProfile:
    """The same of what holds for all his places at once. Raises NotAllowed, too, where he has one elsewhere."""
    row = _planned(actor, person_id)
    if queries.works_elsewhere(actor, person_id):
        raise NotAllowed(SHARED)
    check(row, seen)
    return row


def _planned(actor: Actor, person_id: int) -> TechnicianProfile:
    permit_planning(actor)
    query = select(TechnicianProfile).where(TechnicianProfile.person_id == person_id, queries.in_reach(actor))
    row = db.session.scalars(locking(query, of=TechnicianProfile)).first()
    if row is None:
        raise NotFound
    return row


def locked_profile(person_id: int) -> TechnicianProfile | None:
    """The dispatch row of a person, locked; None for who is no technician."""
    query = select(TechnicianProfile).where(TechnicianProfile.person_id == person_id)
    return db.session.scalars(locking(query)).first()
