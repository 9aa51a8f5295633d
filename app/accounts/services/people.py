"""People: made, changed, numbered, housed, put into org units, closed and opened again. Every change is audited."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from app.accounts import queries
from app.accounts.models import OrgMembership, OrgUnit, Person, PersonHome, PersonIdentifier
from app.accounts.services import passwords, rights, sessions
from app.audit import services as audit
from app.core import pinyin
from app.core.actor import Actor
from app.core.db import constraint_error, db
from app.core.errors import Conflict, NotFound, Rejected
from app.core.held import held, locking
from app.core.seen import Seen, still
from app.sites import queries as places
from app.sites.models import Place

EDITABLE = ("name", "lang", "sex", "email", "phone", "locale", "username", "valid_to")

USERNAME_TAKEN = _l("This account name is taken. Choose another.")
NUMBER_TAKEN = _l("Somebody else has this number. Look among the people: perhaps the person is there already.")

constraint_error("uq_person_username", lambda: Rejected(fields={"username": USERNAME_TAKEN}))
constraint_error("uq_person_identifier_valid", lambda: Rejected(fields={"value": NUMBER_TAKEN}))
constraint_error(
    "ex_person_home_one_at_a_time",
    lambda: Conflict(_l("Somebody changed where this person lives at the same moment. Load the page again.")),
)
constraint_error(
    "ex_org_membership_once_at_a_time",
    lambda: Conflict(_l("The person belongs to this unit in that time already.")),
)


def keys(name: str, *, numbers: Iterable[str] = (), username: str | None = None) -> tuple[str, str]:
    """(sort_key, search) of a person: pinyin order; name, initials, pinyin, numbers and account name in lower case."""
    sort_key = pinyin.sort_key(name, person=True)
    parts = [name, pinyin.initials(name, person=True), sort_key.replace(" ", ""), username or "", *numbers]
    return sort_key, " ".join(dict.fromkeys(part.lower() for part in parts if part))


def refresh_keys(person: Person) -> None:
    """Write `sort_key` and `search` anew after a change of name, account name or numbers."""
    db.session.flush()
    numbers = db.session.scalars(
        select(PersonIdentifier.value)
        .where(PersonIdentifier.person_id == person.id, PersonIdentifier.kind != "identity_document")
        .order_by(PersonIdentifier.id.desc())
    )
    person.sort_key, person.search = keys(person.name, numbers=numbers, username=person.username)


def create_person(
    actor: Actor,
    now: datetime,
    *,
    name: str,
    username: str | None = None,
    password: str | None = None,
    must_change: bool = True,
    student_no: str | None = None,
    staff_no: str | None = None,
    **more: Any,
) -> Person:
    """A new person, with an account where a name and password are given.

    Further members: those of EDITABLE. Raises Rejected for a taken account name or number and for a weak password.
    """
    username = username or None
    _refuse_taken_username(username, None)
    if password is not None:
        if username is None:
            raise Rejected(fields={"username": _l("An account needs a name to sign in with.")})
        passwords.check(password, known=(name, username, student_no or "", staff_no or "", *keys(name)[1].split()))
    person = Person(
        name=name,
        username=username,
        password_hash=None if password is None else passwords.hash_password(password),
        password_changed_at=None if password is None else now,
        must_change_password=password is not None and must_change,
        valid_from=more.pop("valid_from", None),
        **more,
    )
    db.session.add(person)
    db.session.flush()
    for kind, value in (("student_no", student_no), ("staff_no", staff_no)):
        if value:
            _add_number(person, kind, value, places.today(now), said_at=kind)
    refresh_keys(person)
    audit.record(
        actor,
        "person.create",
        "person",
        person.id,
        now=now,
        after={"name": name, "username": username, "student_no": student_no, "staff_no": staff_no},
    )
    return person


def update_person(actor: Actor, person: Person, now: datetime, *, seen: Seen | None = None, **changes: Any) -> None:
    """Change members of EDITABLE.

    A new account name, or an end that has come, ends sessions; the account of somebody who may do more than the actor
    is not the actor's to change. `seen`: what the actor had before him (None: not asked). Raises Rejected, NotAllowed,
    Overtaken.
    """
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {sorted(unknown)}")
    still(Person, person.id, seen)
    if "username" in changes:
        changes["username"] = changes["username"] or None
        _refuse_taken_username(changes["username"], person)
    before = {name: getattr(person, name) for name in changes}
    for name, value in changes.items():
        setattr(person, name, value)
    account = {"username", "valid_to", "email"} & {name for name in changes if before[name] != changes[name]}
    if account and person.id != actor.id:
        rights.require_power_over(actor, person, now)
    if account - {"email"}:
        sessions.close_sessions(person.id, now=now)
    refresh_keys(person)
    audit.record_change(actor, "person.edit", "person", person.id, now=now, before=before, after=changes)


def _refuse_taken_username(username: str | None, person: Person | None) -> None:
    if username is None:
        return
    holder = queries.person_by_username(username)
    if holder is not None and (person is None or holder.id != person.id):
        raise Rejected(fields={"username": USERNAME_TAKEN})


def choose_language(actor: Actor, locale: str, now: datetime) -> None:
    """Keep the language a person chose, one of `words.LANGUAGES`, for pages, mail and notices."""
    person = db.session.get_one(Person, (actor.institution_id, actor.id))
    before, person.locale = {"locale": person.locale}, locale
    audit.record_change(actor, "person.edit", "person", person.id, now=now, before=before, after={"locale": locale})


def add_identifier(actor: Actor, person: Person, *, kind: str, value: str, now: datetime) -> PersonIdentifier:
    """A further number, valid from today; one of the same kind ends. Raises Rejected where somebody else has it."""
    today = places.today(now)
    held(Person, person.id)  # two at a time would both find, and end, the same former number
    present = db.session.scalars(
        select(PersonIdentifier).where(
            PersonIdentifier.person_id == person.id,
            PersonIdentifier.kind == kind,
            PersonIdentifier.valid_to.is_(None),
        )
    ).all()
    if any(each.value == value for each in present):
        raise Rejected(fields={"value": _l("The person has this number already.")})
    for each in present:
        each.valid_to = today
    made = _add_number(person, kind, value, today, said_at="value")
    refresh_keys(person)
    audit.record(
        actor,
        "person.identifier",
        "person",
        person.id,
        now=now,
        before={kind: [each.value for each in present]} if present else None,
        after={kind: value},
    )
    return made


def _add_number(person: Person, kind: str, value: str, today: date, *, said_at: str) -> PersonIdentifier:
    """`said_at`: the field of the form in which a number that is taken was typed."""
    taken = db.session.scalar(
        select(PersonIdentifier.person_id).where(
            PersonIdentifier.kind == kind, PersonIdentifier.value == value, PersonIdentifier.valid_to.is_(None)
        )
    )
    if taken is not None:
        raise Rejected(fields={said_at: NUMBER_TAKEN})
    made = PersonIdentifier(person_id=person.id, kind=kind, value=value, valid_from=today)
    db.session.add(made)
    db.session.flush()
    return made


def end_identifier(actor: Actor, person: Person, identifier_id: int, now: datetime) -> None:
    """A number stops being valid today. Raises NotFound."""
    found = db.session.scalars(
        select(PersonIdentifier).where(
            PersonIdentifier.id == identifier_id,
            PersonIdentifier.person_id == person.id,
            PersonIdentifier.valid_to.is_(None),
        )
    ).first()
    if found is None:
        raise NotFound
    found.valid_to = places.today(now)
    shown = found.last_four if found.kind == "identity_document" else found.value
    audit.record(actor, "person.identifier", "person", person.id, now=now, before={found.kind: shown}, after={})


def set_home(
    person_id: int, place_id: int | None, start: date, end: date | None, *, actor: Actor, now: datetime
) -> None:
    """The person lives in the place from `start` to `end` (exclusive; None: until further notice).

    Whatever was known for that time gives way: earlier homes end at `start`, later parts remain after `end`, a home
    wholly inside it keeps its row with an empty period. `place_id` None: nowhere known. Raises Rejected.
    """
    if end is not None and end <= start:
        raise Rejected(fields={"end": _l("The end must lie after the beginning.")})
    place = None if place_id is None else places.by_id(place_id)
    if place_id is not None and (place is None or place.over_by(start)):
        raise Rejected(fields={"place_id": _l("This place does not exist. Choose it again.")})
    wanted = Range(start, end)
    homes = select(PersonHome).where(PersonHome.person_id == person_id, PersonHome.during.overlaps(wanted))
    overlapping = db.session.scalars(locking(homes.order_by(PersonHome.id))).all()
    before = _home_words(overlapping)
    remainders: list[PersonHome] = []
    for home in overlapping:
        was = home.during
        if end is not None and (was.upper is None or was.upper > end):
            remainders.append(PersonHome(person_id=person_id, place_id=home.place_id, during=Range(end, was.upper)))
        kept = was.lower is None or was.lower < start
        home.during = Range(was.lower, start) if kept else Range(empty=True)
    db.session.flush()
    if place_id is not None:
        db.session.add(PersonHome(person_id=person_id, place_id=place_id, during=wanted))
    db.session.add_all(remainders)
    db.session.flush()
    audit.record(
        actor,
        "person.home",
        "person",
        person_id,
        now=now,
        before=before,
        after={"place": place.path if place else None, "from": start, "to": end},
    )


def _home_words(homes: Iterable[PersonHome]) -> dict[str, Any] | None:
    known = list(homes)
    if not known:
        return None
    found = places.by_ids([home.place_id for home in known])
    latest = max(known, key=lambda home: home.during.lower or date.min)
    place: Place | None = found.get(latest.place_id)
    return {
        "place": place.path if place else None,
        "from": latest.during.lower,
        "to": latest.during.upper,
    }


def add_membership(
    actor: Actor, person: Person, *, org_unit_id: int, start: date, end: date | None, now: datetime
) -> None:
    """Put a person into an org unit from a day on. Raises Rejected, NotFound, Conflict."""
    if end is not None and end <= start:
        raise Rejected(fields={"end": _l("The end must lie after the beginning.")})
    unit = held(OrgUnit, org_unit_id, share=True)
    if unit.over_by(start):
        raise Rejected(fields={"unit": _l("This unit is closed.")})
    there = db.session.scalar(
        select(OrgMembership.id).where(
            OrgMembership.person_id == person.id,
            OrgMembership.org_unit_id == org_unit_id,
            OrgMembership.during.overlaps(Range(start, end)),
        )
    )
    if there is not None:
        raise Conflict(_l("The person belongs to this unit in that time already."))
    db.session.add(OrgMembership(person_id=person.id, org_unit_id=org_unit_id, during=Range(start, end)))
    db.session.flush()
    audit.record(actor, "person.org", "person", person.id, now=now, after={"unit": unit.name, "from": start, "to": end})


def end_membership(actor: Actor, person: Person, membership_id: int, now: datetime) -> None:
    """The person leaves an org unit today; what would not have held for a day is void. Raises NotFound."""
    today = places.today(now)
    found = db.session.scalars(
        select(OrgMembership).where(
            OrgMembership.id == membership_id,
            OrgMembership.person_id == person.id,
            ~func.isempty(OrgMembership.during),
        )
    ).first()
    if found is None or (found.during.upper is not None and found.during.upper <= today):
        raise NotFound
    was = found.during
    begun = was.lower is None or was.lower < today
    found.during = Range(was.lower, today) if begun else Range(empty=True)
    unit = db.session.scalars(select(OrgUnit).where(OrgUnit.id == found.org_unit_id)).one()
    audit.record(
        actor,
        "person.org",
        "person",
        person.id,
        now=now,
        before={"unit": unit.name, "from": was.lower, "to": was.upper},
        after={"unit": unit.name, "from": was.lower, "to": today} if begun else {},
    )


def disable(actor: Actor, person: Person, now: datetime, seen: Seen | None = None) -> None:
    """Close an account at once: nobody signs in with it, sessions and tokens end.

    Raises Rejected, NotAllowed, Overtaken.
    """
    if person.id == actor.id:
        raise Rejected(_l("You cannot disable your own account. Ask a colleague to do it."))
    rights.require_power_over(actor, person, now)
    person = still(Person, person.id, seen)
    if person.disabled_at is not None:
        return
    person.disabled_at = now
    db.session.flush()
    sessions.close_sessions(person.id, now=now)
    audit.record(actor, "person.disable", "person", person.id, now=now)


def enable(actor: Actor, person: Person, now: datetime, seen: Seen | None = None) -> None:
    """Open a disabled account again; its roles are as they were. Raises NotAllowed, Overtaken."""
    rights.require_power_over(actor, person, now)
    person = still(Person, person.id, seen)
    if person.disabled_at is None:
        return
    person.disabled_at = None
    db.session.flush()
    audit.record(actor, "person.enable", "person", person.id, now=now)
