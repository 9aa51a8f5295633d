"""What the ranking weighs besides the crew itself: certificates with who holds them, walks between buildings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import constraint_error, current_institution, db, not_over, one_of, valid_on
from app.core.errors import NotFound, Rejected
from app.core.held import locking
from app.core.seen import Seen
from app.sites import queries as places
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import Certificate, TechnicianCertificate, Walk
from app.tickets.services import crews

labels.declare(
    verbs={
        "certificate.add": _l("Added a certificate"),
        "technician.certificate": _l("Changed certificates of a technician"),
        "walk.set": _l("Set walking minutes"),
    },
    objects={"certificate": _l("Certificate")},
    fields={"certificate": _l("Certificate")},
    names={"certificate": labels.named_by(Certificate.id, Certificate.name)},
    references={"certificate": "certificate"},
)

LONGEST_WALK = 600
_NOT_THERE = _l("This is no other building of the campus.")
AT_MOST = 200
"""Kinds of certificates, and certificates of somebody, that are shown."""
constraint_error(
    "uq_certificate_code_valid", lambda: Rejected(fields={"code": _l("Another certificate has this code.")})
)


def certificates(today: date) -> Sequence[Any]:
    """The kinds of certificates there are."""
    return db.session.execute(
        select(Certificate.id, Certificate.code, Certificate.name)
        .where(valid_on(Certificate, today))
        .order_by(Certificate.code)
        .limit(AT_MOST)
    ).all()


def held(person_id: int, today: date) -> Sequence[Any]:
    """The certificates of a person that have not expired, the next to expire first."""
    return db.session.execute(
        select(
            TechnicianCertificate.id,
            Certificate.code,
            Certificate.name,
            TechnicianCertificate.number,
            TechnicianCertificate.valid_to,
        )
        .join(
            Certificate,
            and_(
                Certificate.institution_id == TechnicianCertificate.institution_id,
                Certificate.id == TechnicianCertificate.certificate_id,
            ),
        )
        .where(
            TechnicianCertificate.person_id == person_id,
            not_over(TechnicianCertificate, today),
        )
        .order_by(TechnicianCertificate.valid_to.asc().nulls_last(), TechnicianCertificate.id)
        .limit(AT_MOST)
    ).all()


def add_certificate(*, actor: Actor, now: datetime, code: str, name: Mapping[str, str]) -> int:
    """A new kind of certificate. Raises NotAllowed, Rejected (field `code`)."""
    crews.permit_planning(actor)
    taken = select(Certificate.id).where(Certificate.code == code, Certificate.valid_to.is_(None))
    if db.session.scalar(taken) is not None:
        raise Rejected(fields={"code": _l("Another certificate has this code.")})
    made = Certificate(code=code, name=dict(name), valid_from=places.today(now))
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "certificate.add", "certificate", made.id, now=now, after={"code": code, "name": dict(name)})
    return made.id


def give(
    *, actor: Actor, now: datetime, person_id: int, certificate_id: int, number: str | None, last_day: date | None
) -> int:
    """Somebody holds a certificate, through its last day; returns the id of the holding.

    Raises NotAllowed, NotFound, Rejected (`certificate`, `until`).
    """
    crews.planned(actor, person_id)
    today = places.today(now)
    known = select(Certificate.id).where(Certificate.id == certificate_id, valid_on(Certificate, today))
    if db.session.scalar(known) is None:
        raise Rejected(fields={"certificate": _l("This certificate does not exist.")})
    if last_day is not None and last_day < today:
        raise Rejected(fields={"until": _l("It has expired already.")})
    until = None if last_day is None else last_day + timedelta(days=1)
    made = TechnicianCertificate(
        person_id=person_id, certificate_id=certificate_id, number=number, valid_from=today, valid_to=until
    )
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "technician.certificate", "person", person_id, now=now, after=_said(made))
    return made.id


def take(*, actor: Actor, now: datetime, person_id: int, held_id: int) -> None:
    """It counts no more, from today on. Raises NotAllowed, NotFound (also of what has expired)."""
    crews.planned(actor, person_id)
    today = places.today(now)
    row = db.session.scalars(
        select(TechnicianCertificate).where(
            TechnicianCertificate.id == held_id,
            TechnicianCertificate.person_id == person_id,
            not_over(TechnicianCertificate, today),
        )
    ).first()
    if row is None:
        raise NotFound
    before, row.valid_to = _said(row), today
    db.session.flush()
    audit.record(actor, "technician.certificate", "person", person_id, now=now, before=before)


def _said(row: TechnicianCertificate) -> dict[str, Any]:
    """What the log says of a certificate somebody holds."""
    until = None if row.valid_to is None else row.valid_to - timedelta(days=1)
    return {"certificate": row.certificate_id, "number": row.number, "until": until}


def walks_from(building_id: int, today: date) -> Sequence[Any]:
    """The other buildings of the campus with the minutes on foot to them, None where nobody has entered any."""
    building = places.by_id(building_id)
    if building is None or building.kind != "building":
        raise NotFound
    pair = or_(
        and_(Walk.one_id == building_id, Walk.other_id == Place.id),
        and_(Walk.other_id == building_id, Walk.one_id == Place.id),
    )
    return db.session.execute(
        select(Place.id, Place.name, Walk.minutes)
        .outerjoin(Walk, and_(Walk.institution_id == Place.institution_id, pair))
        .where(
            Place.kind == "building",
            Place.campus_id == building.campus_id,
            Place.id != building_id,
            valid_on(Place, today),
        )
        .order_by(Place.sort_key, Place.id)
        .limit(500)
    ).all()


def shown_walks(ways: Iterable[Any]) -> dict[str, Any]:
    """What an editor of `walks_from` has before him."""
    return {f"m_{row.id}": row.minutes for row in ways}


def set_walks(
    *, actor: Actor, now: datetime, building_id: int, minutes: Mapping[int, int | None], seen: Seen | None = None
) -> int:
    """Minutes on foot to other buildings of the campus, both ways; None: not known. Returns how many changed.

    `seen`: what the actor had before him (of `walks_from`; None: not asked). Raises NotAllowed, NotFound, Overtaken,
    Rejected (`walks.0.building` …, in the order of `minutes`) for what is no other building of the campus.
    """
    crews.permit_planning(actor)
    building = places.by_id(building_id)
    if building is None or not policies.in_scope(actor, policies.CREWS, building):
        raise NotFound
    # each way has two ends: whoever edits it from the other one waits here
    db.session.scalars(locking(select(Place).where(one_of(Place.id, {building_id, *minutes})).order_by(Place.id))).all()
    ways = walks_from(building_id, places.today(now))
    present = {row.id: row.minutes for row in ways}
    faults = {f"walks.{at}.building": _NOT_THERE for at, other in enumerate(minutes) if other not in present}
    if faults:
        raise Rejected(fields=faults)
    if seen is not None:
        seen.holds(ways)
    changed = {other: given for other, given in minutes.items() if present[other] != given}
    for other, given in changed.items():
        one, two = sorted((building_id, other))
        if given is None:
            db.session.execute(delete(Walk).where(Walk.one_id == one, Walk.other_id == two))
            continue
        statement = insert(Walk).values(institution_id=current_institution(), one_id=one, other_id=two, minutes=given)
        db.session.execute(
            statement.on_conflict_do_update(constraint="uq_walk", set_={"minutes": statement.excluded.minutes})
        )
    if changed:
        said = {str(other): given for other, given in changed.items()}
        audit.record(actor, "walk.set", "place", building_id, now=now, after=said)
    return len(changed)
