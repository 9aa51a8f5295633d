"""Reading feedback: lists of its author and of the staff, one matter, its thread, whom it could be about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, func, or_, select, union
from sqlalchemy.orm import aliased

from app.accounts.models import Person, RoleGrant
from app.core import paging
from app.core.actor import Actor
from app.core.db import db, valid_on
from app.core.errors import NotFound
from app.core.prepared import Count, code, value
from app.core.scoped import Reach
from app.portal import policies
from app.portal.models import Feedback, FeedbackAbout, FeedbackEvent
from app.portal.queries import feedback_viewer as viewer
from app.portal.rules.feedback import Status
from app.sites import queries as sites
from app.sites.models import Place
from app.tickets.models import Offer, Ticket, WorkOrder
from app.tickets.models.orders import OrderHelper
from app.tickets.rules.grams import terms

THREAD_AT_MOST = 500
CANDIDATES_AT_MOST = 30

_author, _handler = aliased(Person), aliased(Person)
_COLUMNS: tuple[Any, ...] = (
    Feedback.id,
    Feedback.number,
    Feedback.kind,
    Feedback.status,
    Feedback.version,
    Feedback.cycle,
    Feedback.lang,
    Feedback.excerpt,
    Feedback.about_text,
    Feedback.author_id,
    _author.name.label("author_name"),
    Feedback.handler_id,
    _handler.name.label("handler_name"),
    Feedback.place_id,
    Place.path.label("place"),
    Feedback.campus_id,
    Feedback.building_id,
    Feedback.ticket_id,
    Ticket.number.label("ticket_number"),
    Feedback.filed_at,
    Feedback.opened_at,
    Feedback.respond_due,
    Feedback.responded_at,
    Feedback.answer_due,
    Feedback.answered_at,
    Feedback.escalated_at,
    Feedback.closed_at,
    Feedback.closed_as,
    Feedback.became_id,
)
NAMES: tuple[str, ...] = tuple(column.key for column in _COLUMNS)


@dataclass(frozen=True, slots=True)
class FeedbackFilter:
    """What a list shows; `handler` a person's id; `late`: open past one of its clocks at `now`."""

    statuses: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    handler: int | None = None
    unassigned: bool = False
    late: bool = False
    mine: bool = False
    q: str = ""


def _select(condition: ColumnElement[bool]) -> Any:
    return (
        select(*_COLUMNS)
        .outerjoin(_author, and_(_author.institution_id == Feedback.institution_id, _author.id == Feedback.author_id))
        .outerjoin(
            _handler, and_(_handler.institution_id == Feedback.institution_id, _handler.id == Feedback.handler_id)
        )
        .outerjoin(Place, and_(Place.institution_id == Feedback.institution_id, Place.id == Feedback.place_id))
        .outerjoin(Ticket, and_(Ticket.institution_id == Feedback.institution_id, Ticket.id == Feedback.ticket_id))
        .where(condition)
    )


def page(
    actor: Actor, wanted: FeedbackFilter, now: datetime, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Any]:
    """What the actor sees (with `mine`: said himself), newest first."""
    query = _filtered(_select(viewer.own(actor) if wanted.mine else viewer.seen(actor)), wanted, now)
    return paging.page(query, [("id", Feedback.id.desc())], cursor, limit)


def desk(
    actor: Actor, wanted: FeedbackFilter, now: datetime, *, cursor: str | None = None, limit: int = 50
) -> paging.Page[Any]:
    """What the actor answers as staff: open ones by the instant their answer is due, the others newest first."""
    query = _filtered(_select(viewer.handled(actor)), wanted, now)
    if wanted.statuses == (Status.OPEN.value,):
        due = func.coalesce(Feedback.answer_due, Feedback.opened_at)
        query = query.add_columns(due.label("due"))
        return paging.page(query, [("due", due.asc()), ("id", Feedback.id.asc())], cursor, limit)
    return paging.page(query, [("id", Feedback.id.desc())], cursor, limit)


def _filtered(query: Any, wanted: FeedbackFilter, now: datetime) -> Any:
    if wanted.statuses:
        query = query.where(Feedback.status.in_(wanted.statuses))
    if wanted.kinds:
        query = query.where(Feedback.kind.in_(wanted.kinds))
    if wanted.handler is not None:
        query = query.where(Feedback.handler_id == wanted.handler)
    if wanted.unassigned:
        query = query.where(Feedback.handler_id.is_(None))
    if wanted.late:
        query = query.where(late(now))
    for word in terms(wanted.q):
        query = query.where(Feedback.search.contains(word, autoescape=True))
    return query


def late(now: datetime) -> ColumnElement[bool]:
    """Open past one of its clocks."""
    return and_(
        Feedback.status == Status.OPEN.value,
        or_(
            Feedback.answer_due < now,
            and_(Feedback.responded_at.is_(None), Feedback.respond_due < now),
        ),
    )


def waiting(actor: Actor, now: datetime) -> Any:
    """How many open ones wait for the actor as staff: `open`, of them `late`, `unassigned`, `mine`."""
    opened = Feedback.status == Status.OPEN.value
    return db.session.execute(
        select(
            func.count().label("open"),
            func.count().filter(late(now)).label("late"),
            func.count().filter(Feedback.handler_id.is_(None)).label("unassigned"),
            func.count().filter(Feedback.handler_id == actor.id).label("mine"),
        ).where(opened, viewer.handled(actor))
    ).one()


_THERE = Reach("feedback", policies.HANDLE)


def _open() -> Select[int]:
    there = _THERE.rows(Feedback.campus_id, Feedback.building_id)
    reader = value("feedback_reader", BigInteger)
    return select(func.count()).where(
        Feedback.status == code(Status.OPEN.value), there, viewer.not_own(reader), ~viewer.named(reader)
    )


def _reader(actor: Actor) -> dict[str, Any]:
    return {**_THERE.of(actor), "feedback_reader": actor.id}


OPEN = Count(_open, _reader)


def one(actor: Actor, feedback_id: int) -> Any:
    """A matter the actor sees. Raises NotFound."""
    found = db.session.execute(_select(and_(Feedback.id == feedback_id, viewer.seen(actor)))).first()
    if found is None:
        raise NotFound
    return found


def by_secret(digest: bytes) -> Any:
    """The matter of a receipt; None for an unknown one."""
    return db.session.execute(_select(Feedback.secret_hash == digest)).first()


def thread(feedback_id: int, *, staff: bool) -> Sequence[Any]:
    """What was said and done, oldest first; without `staff` only what is meant for its author."""
    who, whom = aliased(Person), aliased(Person)
    query = (
        select(
            FeedbackEvent.id,
            FeedbackEvent.at,
            FeedbackEvent.kind,
            FeedbackEvent.from_state,
            FeedbackEvent.to_state,
            FeedbackEvent.actor_kind,
            FeedbackEvent.actor_id,
            who.name.label("actor_name"),
            FeedbackEvent.person_id,
            whom.name.label("person_name"),
            FeedbackEvent.text,
            FeedbackEvent.audience,
            FeedbackEvent.data,
        )
        .outerjoin(who, and_(who.institution_id == FeedbackEvent.institution_id, who.id == FeedbackEvent.actor_id))
        .outerjoin(whom, and_(whom.institution_id == FeedbackEvent.institution_id, whom.id == FeedbackEvent.person_id))
        .where(FeedbackEvent.feedback_id == feedback_id)
        .order_by(FeedbackEvent.id)
        .limit(THREAD_AT_MOST)
    )
    if not staff:
        query = query.where(FeedbackEvent.audience == "everyone")
    return db.session.execute(query).all()


MESSAGE_KINDS = ("file", "reply", "answer", "note")
MESSAGE_NAMES = ("id", "at", "kind", "author_id", "author_name", "internal", "text")


def messages(feedback_id: int, *, staff: bool, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """What was said, oldest first, as the API shows it."""
    query: Any = (
        select(
            FeedbackEvent.id,
            FeedbackEvent.at,
            FeedbackEvent.kind,
            FeedbackEvent.actor_id.label("author_id"),
            Person.name.label("author_name"),
            (FeedbackEvent.audience == "staff").label("internal"),
            FeedbackEvent.text,
        )
        .outerjoin(
            Person,
            and_(Person.institution_id == FeedbackEvent.institution_id, Person.id == FeedbackEvent.actor_id),
        )
        .where(FeedbackEvent.feedback_id == feedback_id, FeedbackEvent.kind.in_(MESSAGE_KINDS))
    )
    if not staff:
        query = query.where(FeedbackEvent.audience == "everyone")
    return paging.page(query, [("id", FeedbackEvent.id.asc())], cursor, limit)


def about(feedback_id: int) -> Sequence[Any]:
    """The people a matter is about."""
    return db.session.execute(
        select(FeedbackAbout.person_id, Person.name, FeedbackAbout.how)
        .join(Person, and_(Person.institution_id == FeedbackAbout.institution_id, Person.id == FeedbackAbout.person_id))
        .where(FeedbackAbout.feedback_id == feedback_id)
        .order_by(Person.name, Person.id)
    ).all()


def candidates(actor: Actor, now: datetime) -> Sequence[Any]:
    """Whom somebody may name by a tick: who looks after his building, and who worked on his requests."""
    if actor.id is None:
        return []
    today = sites.today(now)
    line = sites.ancestry([actor.home_place_id]) if actor.home_place_id else frozenset[int]()
    keepers = select(RoleGrant.person_id).where(
        RoleGrant.scope_kind.in_(("campus", "building")), RoleGrant.scope_id.in_(line), valid_on(RoleGrant, today)
    )
    workers = (
        select(WorkOrder.assignee_id)
        .join(Ticket, and_(Ticket.institution_id == WorkOrder.institution_id, Ticket.id == WorkOrder.ticket_id))
        .where(Ticket.reporter_id == actor.id, WorkOrder.assignee_id.is_not(None))
    )
    people = union(keepers, workers).subquery()
    return db.session.execute(
        select(Person.id, Person.name)
        .where(Person.id.in_(select(people.c[0])), Person.id != actor.id, Person.disabled_at.is_(None))
        .order_by(Person.sort_key, Person.id)
        .limit(CANDIDATES_AT_MOST)
    ).all()


def workers_of(ticket_id: int) -> list[int]:
    """Who has worked on a ticket: holders of its orders now, whoever accepted one, and who helped."""
    held = select(WorkOrder.assignee_id).where(WorkOrder.ticket_id == ticket_id, WorkOrder.assignee_id.is_not(None))
    took = select(Offer.person_id).where(Offer.ticket_id == ticket_id, Offer.outcome == "accepted")
    helped = select(OrderHelper.person_id).where(OrderHelper.ticket_id == ticket_id)
    found: set[int] = set(db.session.scalars(union(held, took, helped)))
    return sorted(found)
