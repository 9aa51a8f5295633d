"""Which feedback somebody sees, and as whom.

Its author sees his own, without the notes of the staff. Staff sees what lies in the scopes of `feedback.handle`, but
neither handles what he wrote himself nor sees what he is named in: not in lists, not one, not in figures or exports,
and nobody tells him of it. Feedback without a place is for who holds the right for the whole institution.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true

from app.accounts.models import Person, Role, RoleGrant
from app.core.actor import Actor
from app.core.db import db, valid_on
from app.core.scoped import reached
from app.portal import policies
from app.portal.models import Feedback, FeedbackAbout
from app.sites import queries as sites

HANDLERS_AT_MOST = 200


def own(actor: Actor) -> ColumnElement[bool]:
    """What the actor said under his name."""
    if actor.id is None or not actor.can(policies.SPEAK):
        return false()
    return Feedback.author_id == actor.id


def handled(actor: Actor) -> ColumnElement[bool]:
    """What the actor may read and answer as staff."""
    if actor.kind == "system":
        return true()
    if not actor.can(policies.HANDLE) or actor.id is None:
        return false()
    there = reached(actor, Feedback.campus_id, Feedback.building_id, policies.HANDLE)
    return and_(there, not_own(actor.id), ~named(actor.id))


def seen(actor: Actor) -> ColumnElement[bool]:
    """Both."""
    return or_(own(actor), handled(actor))


def not_own(person_id: Any) -> ColumnElement[bool]:
    """Feedback that a person has not said under his name."""
    return or_(Feedback.author_id.is_(None), Feedback.author_id != person_id)


def named(person_id: Any) -> ColumnElement[bool]:
    """Feedback about a person (an id or a column of the outer statement)."""
    return (
        select(FeedbackAbout.id)
        .where(
            FeedbackAbout.institution_id == Feedback.institution_id,
            FeedbackAbout.feedback_id == Feedback.id,
            FeedbackAbout.person_id == person_id,
        )
        .exists()
    )


def handles(actor: Actor, feedback_id: int) -> bool:
    """Whether the actor may act on it as staff."""
    return db.session.scalar(select(Feedback.id).where(Feedback.id == feedback_id, handled(actor))) is not None


def _holders(permission: str, today: Any) -> Any:
    """(person, feedback) pairs: who holds a right that covers it today and neither wrote it nor is named in it."""
    covers = or_(
        RoleGrant.scope_kind == "institution",
        and_(RoleGrant.scope_kind == "campus", RoleGrant.scope_id == Feedback.campus_id),
        and_(RoleGrant.scope_kind == "building", RoleGrant.scope_id == Feedback.building_id),
    )
    return (
        select(Person.id, Person.name)
        .join(RoleGrant, and_(RoleGrant.institution_id == Person.institution_id, RoleGrant.person_id == Person.id))
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .join(Feedback, Feedback.institution_id == Person.institution_id)
        .where(
            Role.permissions.contains([permission]),
            valid_on(RoleGrant, today),
            valid_on(Person, today),
            Person.disabled_at.is_(None),
            covers,
            not_own(Person.id),
            ~named(Person.id),
        )
        .distinct()
        .order_by(Person.name, Person.id)
        .limit(HANDLERS_AT_MOST)
    )


def handlers(feedback_id: int, now: Any, permission: str = policies.HANDLE) -> list[Any]:
    """Who may be given a matter (or, with another right, is told of it), by name."""
    return list(db.session.execute(_holders(permission, sites.today(now)).where(Feedback.id == feedback_id)))


_STAFF = (policies.HANDLE, "tickets.dispatch", "tickets.work", "tickets.read")
_FLAT_NAME = func.lower(func.replace(Person.name, " ", ""))


def _staff(condition: ColumnElement[bool], now: Any) -> Any:
    """People with a right to handle, to dispatch, to read or to do repairs."""
    return (
        select(Person.id, Person.name)
        .join(RoleGrant, and_(RoleGrant.institution_id == Person.institution_id, RoleGrant.person_id == Person.id))
        .join(Role, and_(Role.institution_id == RoleGrant.institution_id, Role.id == RoleGrant.role_id))
        .where(
            or_(*(Role.permissions.contains([right]) for right in _STAFF)),
            valid_on(RoleGrant, sites.today(now)),
            condition,
        )
        .distinct()
        .order_by(Person.name, Person.id)
        .limit(HANDLERS_AT_MOST)
    )


def named_in(text: str, now: Any) -> list[int]:
    """Staff whose full name stands in a text; a name of one character is too short to tell."""
    stands = and_(func.char_length(_FLAT_NAME) > 1, func.strpos(_flat(text), _FLAT_NAME) > 0)
    return [row.id for row in db.session.execute(_staff(stands, now))]


def staff_called(name: str, now: Any) -> list[Any]:
    """Staff of a name, or whose name holds what was typed where nobody has exactly that name."""
    exact = list(db.session.execute(_staff(_FLAT_NAME.in_([_flat(name)]), now)))
    return exact or list(db.session.execute(_staff(_FLAT_NAME.contains(_flat(name), autoescape=True), now)))


def _flat(text: str) -> str:
    return "".join(text.split()).lower()
