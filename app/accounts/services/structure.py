"""Crews and org units: made, renamed, filled, closed."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, select
from sqlalchemy.dialects.postgresql import Range

from app.accounts.models import Crew, CrewMember, OrgMembership, OrgUnit, Person
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import constraint_error, db, not_over, valid_on
from app.core.errors import Conflict, NotFound, Rejected
from app.core.held import held
from app.core.seen import Seen, still
from app.sites import queries as places

CODE_TAKEN = _l("Another one has this code already.")
MEMBER_ALREADY = _l("This person belongs to the crew already.")

constraint_error("uq_crew_code_valid", lambda: Rejected(fields={"code": CODE_TAKEN}))
constraint_error("uq_org_unit_code_valid", lambda: Rejected(fields={"code": CODE_TAKEN}))
constraint_error("uq_crew_member_valid", lambda: Conflict(MEMBER_ALREADY))


def save_crew(
    actor: Actor,
    crew: Crew | None,
    *,
    code: str,
    name: dict[str, str],
    contractor: bool,
    now: datetime,
    seen: Seen | None = None,
) -> Crew:
    """Make a crew (None) or change one. Raises Rejected for a taken code, NotFound for a closed crew, Overtaken."""
    today = places.today(now)
    if crew is not None:
        crew = still(Crew, crew.id, seen, not_over(Crew, today))
    taken = select(Crew.id).where(Crew.code == code, Crew.valid_to.is_(None))
    if db.session.scalar(taken if crew is None else taken.where(Crew.id != crew.id)) is not None:
        raise Rejected(fields={"code": CODE_TAKEN})
    after = {"code": code, "name": dict(name), "contractor": contractor}
    if crew is None:
        crew = Crew(valid_from=today, **after)
        db.session.add(crew)
        db.session.flush()
        audit.record(actor, "crew.create", "crew", crew.id, now=now, after=after)
        return crew
    before = {"code": crew.code, "name": crew.name, "contractor": crew.contractor}
    crew.code, crew.name, crew.contractor = code, dict(name), contractor
    db.session.flush()
    audit.record_change(actor, "crew.edit", "crew", crew.id, now=now, before=before, after=after)
    return crew


def close_crew(actor: Actor, crew: Crew, now: datetime, seen: Seen | None = None) -> None:
    """A crew ends today, with its memberships. Raises Overtaken."""
    today = places.today(now)
    crew = still(Crew, crew.id, seen)
    if crew.over_by(today):
        return
    crew.valid_to = today
    for member in db.session.scalars(
        select(CrewMember).where(CrewMember.crew_id == crew.id, valid_on(CrewMember, today))
    ):
        member.valid_to = today
    audit.record(actor, "crew.close", "crew", crew.id, now=now, before={"code": crew.code})


def add_member(actor: Actor, crew: Crew, person: Person, now: datetime) -> CrewMember:
    """A person joins a crew today. Raises Conflict, Rejected for a closed crew."""
    today = places.today(now)
    crew = held(Crew, crew.id, share=True)
    if crew.over_by(today):
        raise Rejected(_l("This crew is closed."))
    there = select(CrewMember.id).where(
        CrewMember.crew_id == crew.id, CrewMember.person_id == person.id, valid_on(CrewMember, today)
    )
    if db.session.scalar(there) is not None:
        raise Conflict(MEMBER_ALREADY)
    made = CrewMember(crew_id=crew.id, person_id=person.id, valid_from=today)
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "crew.member", "crew", crew.id, now=now, after={"person": person.name, "person_id": person.id})
    return made


def end_member(actor: Actor, crew: Crew, member_id: int, now: datetime) -> None:
    """A person leaves a crew today. Raises NotFound."""
    today = places.today(now)
    row = db.session.execute(
        select(CrewMember, Person.name)
        .join(Person, and_(Person.institution_id == CrewMember.institution_id, Person.id == CrewMember.person_id))
        .where(CrewMember.id == member_id, CrewMember.crew_id == crew.id, valid_on(CrewMember, today))
    ).first()
    if row is None:
        raise NotFound
    member: CrewMember = row[0]
    member.valid_to = today
    audit.record(
        actor, "crew.member", "crew", crew.id, now=now, before={"person": row.name, "person_id": member.person_id}
    )


def save_org_unit(
    actor: Actor,
    unit: OrgUnit | None,
    *,
    kind: str,
    parent_id: int | None,
    code: str,
    name: str,
    now: datetime,
    seen: Seen | None = None,
) -> OrgUnit:
    """Make an org unit below another (None: topmost), or rename one; a unit is not moved.

    Raises Rejected, NotFound, Overtaken.
    """
    if unit is not None:
        unit = still(OrgUnit, unit.id, seen)
    taken = select(OrgUnit.id).where(OrgUnit.code == code, OrgUnit.valid_to.is_(None))
    if db.session.scalar(taken if unit is None else taken.where(OrgUnit.id != unit.id)) is not None:
        raise Rejected(fields={"code": CODE_TAKEN})
    after = {"kind": kind, "code": code, "name": name}
    if unit is None:
        parent = None if parent_id is None else held(OrgUnit, parent_id, share=True)
        if parent is not None and parent.valid_to is not None:
            raise Rejected(_l("The unit above is closed."))
        unit = OrgUnit(parent_id=parent_id, valid_from=places.today(now), **after)
        db.session.add(unit)
        db.session.flush()
        audit.record(
            actor,
            "org.create",
            "org_unit",
            unit.id,
            now=now,
            after={**after, "parent": parent.name if parent else None},
        )
        return unit
    before = {"kind": unit.kind, "code": unit.code, "name": unit.name}
    unit.kind, unit.code, unit.name = kind, code, name
    db.session.flush()
    audit.record_change(actor, "org.edit", "org_unit", unit.id, now=now, before=before, after=after)
    return unit


def close_org_unit(actor: Actor, unit: OrgUnit, now: datetime, seen: Seen | None = None) -> None:
    """An org unit ends today. Raises Rejected while it has units or members, or will have some, Overtaken."""
    today = places.today(now)
    unit = still(OrgUnit, unit.id, seen)
    if unit.over_by(today):
        return
    below = select(OrgUnit.id).where(OrgUnit.parent_id == unit.id, not_over(OrgUnit, today)).limit(1)
    if db.session.scalar(below) is not None:
        raise Rejected(_l("There are units below this one. Close them first."))
    member = select(OrgMembership.id).where(
        OrgMembership.org_unit_id == unit.id, OrgMembership.during.overlaps(Range(today, None))
    )
    if db.session.scalar(member.limit(1)) is not None:
        raise Rejected(_l("People belong to this unit. Move them first."))
    unit.valid_to = today
    audit.record(actor, "org.close", "org_unit", unit.id, now=now, before={"code": unit.code, "name": unit.name})
