"""Tickets that may speak of the fault somebody is about to report; and for staff, of the fault of a ticket.

Compared are tickets at the same place, on its floor and at public places of the floor, at what it stands in up to the
building, of the same branch of categories, open or resolved a short time ago. A hint shows category, place no finer
than the floor, age and state, and no more (tickets.md 6).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, and_, false, literal, or_, select, true

from app.core.actor import Actor
from app.core.db import db
from app.sites import queries as places
from app.sites.models import Place
from app.sites.rules import aliases
from app.tickets.models import Category, Ticket
from app.tickets.queries import followed, viewer
from app.tickets.rules import similarity
from app.tickets.rules.similarity import Report
from app.tickets.rules.states import TICKET_OPEN, TicketStatus

COMPARED_AT_MOST = 200
_AROUND = ("floor", "unit", "building")
_OPEN = sorted(status.value for status in TICKET_OPEN)


@dataclass(frozen=True, slots=True)
class Hint:
    """One ticket that may be about the same fault. `mine`: the asker reported it himself."""

    id: int
    category: str
    category_name: dict[str, str]
    icon: str
    place: str
    status: str
    filed_at: datetime
    mine: bool
    likeness: float


def hints(
    actor: Actor,
    *,
    category: str | int,
    description: str,
    now: datetime,
    place_id: int | None = None,
    place_text: str = "",
) -> list[Hint]:
    """What may be the same fault and may be followed, the likest first; at most five. A constant number of statements.

    Words for a place count where they are given: as the place staff has named for them, else tickets with the same
    words are compared. Who asks is then shown his own words as the place.
    """
    if place_text:
        meant = places.place_of_words(place_text, places.today(now))
        place_id = None if meant is None else meant.id
    if place_id is None and not aliases.key(place_text):
        return []
    wanted = _category(category)
    if wanted is None:
        return []
    said = Report(description, wanted.name)
    query = (
        followed.with_places(
            select(
                Ticket.id,
                Ticket.description,
                Ticket.status,
                Ticket.filed_at,
                Ticket.resolved_at,
                Ticket.reporter_id,
                Ticket.place_text,
                Category.code,
                Category.name,
                Category.icon,
                followed.coarse_place(literal(actor.home_place_id, BigInteger)).label("place"),
            ).join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
        )
        .where(
            Ticket.category_id.in_(_branch(wanted.id)),
            *(_in_words(now) if place_id is None else (*_near(place_id, now), _his_affair(actor, now))),
        )
        .order_by(Ticket.id.desc())
        .limit(COMPARED_AT_MOST)
    )
    found = [
        Hint(
            id=row.id,
            category=row.code,
            category_name=row.name,
            icon=row.icon,
            place=place_text if place_id is None else row.place or "",
            status=row.status,
            filed_at=row.filed_at,
            mine=actor.id is not None and row.reporter_id == actor.id,
            likeness=similarity.alike(said, Report(row.description, row.name)),
        )
        for row in db.session.execute(query)
        if similarity.joinable(TicketStatus(row.status), row.resolved_at, now)
        and (place_id is not None or aliases.key(row.place_text) == aliases.key(place_text))
    ]
    return likest(found)


@dataclass(frozen=True, slots=True)
class About:
    """What somebody is about to report, where he has come upon a ticket: category (code or id), place or words."""

    category: str | int | None = None
    place_id: int | None = None
    place_text: str = ""


def may_follow(actor: Actor, ticket_id: int, about: About, now: datetime) -> bool:
    """Whether a ticket concerns the actor: what a follower may one day take over is not for whoever guesses its number.

    What lies open to all does, and what is where he lives or around it. For whoever has no home on record it is what
    he is shown at the place he is about to report; words for a place are compared with those of the ticket.
    """
    if actor.home_place_id is not None:
        concerns = _his_affair(actor, now)
    else:
        concerns = or_(viewer.tickets_seen(actor), _open_to_all(), _shown_at(about, now))
    row = db.session.execute(
        followed.with_places(select(Ticket.place_id, Ticket.place_text, concerns.label("concerns"))).where(
            Ticket.id == ticket_id
        )
    ).first()
    if row is None:
        return False
    said = aliases.key(about.place_text)
    return bool(row.concerns) or (row.place_id is None and bool(said) and aliases.key(row.place_text) == said)


def _his_affair(actor: Actor, now: datetime) -> Any:
    """What somebody with a home may follow; whoever has none on record may follow what is at the place he reports."""
    if actor.home_place_id is None:
        return true()
    return or_(viewer.tickets_seen(actor), _open_to_all(), and_(*_near(actor.home_place_id, now)))


def _shown_at(about: About, now: datetime) -> Any:
    wanted = None if about.category is None else _category(about.category)
    if wanted is None or about.place_id is None:
        return false()
    return and_(Ticket.category_id.in_(_branch(wanted.id)), *_near(about.place_id, now))


def _open_to_all() -> Any:
    """At a place that is public or no finer than a floor."""
    return or_(Place.public, Place.kind.not_in(followed.FINE))


def likest(found: Collection[Hint]) -> list[Hint]:
    """Those above the bound, the likest and then the newest first."""
    alike = [hint for hint in found if hint.likeness >= similarity.LIKENESS]
    return sorted(alike, key=lambda hint: (-hint.likeness, -hint.id))[: similarity.AT_MOST]


def beside(actor: Actor, ticket: Any, now: datetime) -> list[Any]:
    """For staff: tickets of its sight a ticket could be merged into, the likest first, with number and words."""
    if ticket.place_id is None:
        return []
    said = Report(ticket.description, ticket.category_name)
    query = (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.description,
            Ticket.status,
            Ticket.filed_at,
            Ticket.resolved_at,
            Category.name.label("category_name"),
            Place.path.label("place"),
        )
        .join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
        .outerjoin(Place, and_(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id))
        .where(
            Ticket.id != ticket.id,
            Ticket.category_id.in_(_branch(ticket.category_id)),
            *_near(ticket.place_id, now),
            viewer.tickets_seen(actor),
        )
        .order_by(Ticket.id.desc())
        .limit(COMPARED_AT_MOST)
    )
    ranked = [
        (similarity.alike(said, Report(row.description, row.category_name)), row) for row in db.session.execute(query)
    ]
    likely = [(score, row) for score, row in ranked if score >= similarity.LIKENESS]
    return [row for _score, row in sorted(likely, key=lambda each: (-each[0], -each[1].id))][: similarity.AT_MOST]


def _in_words(now: datetime) -> list[Any]:
    """Whose place is words alone; open, or resolved a short time ago."""
    return [Ticket.place_id.is_(None), Ticket.place_text.is_not(None), _still_of_interest(now)]


def _still_of_interest(now: datetime) -> Any:
    recent = and_(Ticket.status == TicketStatus.RESOLVED.value, Ticket.resolved_at > now - similarity.RESOLVED_FOR)
    return or_(Ticket.status.in_(_OPEN), recent)


def _near(place_id: int, now: datetime) -> list[Any]:
    """At the place, around it, at public places of its floor; open, or resolved a short time ago."""
    line = places.lineage(place_id)
    around = [each.id for each in line if each.id == place_id or each.kind in _AROUND]
    floor = next((each.id for each in reversed(line) if each.kind in _AROUND), place_id)
    public = select(Place.id).where(Place.parent_id == floor, Place.public, Place.valid_to.is_(None))
    return [or_(Ticket.place_id.in_(around or [place_id]), Ticket.place_id.in_(public)), _still_of_interest(now)]


def _category(category: str | int) -> Any:
    named = Category.id == category if isinstance(category, int) else Category.code == category
    return db.session.execute(
        select(Category.id, Category.name).where(named).order_by(Category.id.desc()).limit(1)
    ).first()


def _branch(category_id: int) -> Sequence[int]:
    """The categories under the same topmost heading; of every time, since old tickets keep theirs."""
    rows = db.session.execute(select(Category.id, Category.parent_id)).all()
    parent = {row.id: row.parent_id for row in rows}
    return [each for each in parent if _top(each, parent) == _top(category_id, parent)]


def _top(category_id: int, parent: dict[int, int | None]) -> int:
    seen = {category_id}
    while (above := parent.get(category_id)) is not None and above not in seen:
        category_id = above
        seen.add(above)
    return category_id
