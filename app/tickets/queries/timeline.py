"""The history of a ticket as its reader may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, case, false, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.tickets import policies
from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.queries import viewer
from app.tickets.rules import audiences, history
from app.tickets.rules.audiences import Audience

_Receiver = aliased(Person)
MESSAGES = 100

_COLUMNS = (
    TicketEvent.id,
    TicketEvent.at,
    TicketEvent.effective_at,
    TicketEvent.actor_kind,
    TicketEvent.actor_id,
    Person.name.label("actor_name"),
    TicketEvent.kind,
    TicketEvent.order_id,
    WorkOrder.number.label("order_number"),
    TicketEvent.from_state,
    TicketEvent.to_state,
    TicketEvent.person_id,
    _Receiver.name.label("person_name"),
    TicketEvent.reason,
    TicketEvent.note,
    TicketEvent.audience,
    TicketEvent.cycle,
    TicketEvent.data,
)
NAMES = tuple(column.key for column in _COLUMNS)
"""The columns of a row in their order, for `core.http.dumping`."""


def readable(actor: Actor, ticket: Any) -> tuple[str, ...]:
    """The audiences the actor belongs to for a ticket he sees (`ticket`: id, reporter_id, campus_id, building_id)."""
    staff = actor.kind == "system" or policies.reads_as_staff(actor, ticket)
    crew = False
    if not staff and actor.can(policies.WORK):
        mine = select(WorkOrder.id).where(WorkOrder.ticket_id == ticket.id, viewer.orders_seen(actor))
        crew = db.session.scalar(mine.limit(1)) is not None
    reporter = actor.id is not None and ticket.reporter_id == actor.id
    return tuple(audience.value for audience in audiences.readable(staff=staff, crew=crew, reporter=reporter))


def page(actor: Actor, ticket: Any, *, cursor: str | None = None, limit: int = 100) -> paging.Page[Any]:
    """The events of a ticket meant for the reader, oldest first. The caller has found the ticket for him.

    Whoever took a ticket over from another reporter (N8) does not read what was written to that one, or by him, nor who
    that was.
    """
    seen = readable(actor, ticket)
    columns: list[Any] = list(_COLUMNS)
    meant: Any = TicketEvent.audience.in_(seen)
    taken = _taken_over(actor, ticket)
    if taken is not None and Audience.CREW.value not in seen:
        since, before = taken
        meant = and_(meant, or_(TicketEvent.audience != Audience.REPORTER.value, TicketEvent.id > since))
        columns = _without(before, since)
    query = (
        select(*columns)
        .outerjoin(Person, and_(Person.institution_id == TicketEvent.institution_id, Person.id == TicketEvent.actor_id))
        .outerjoin(
            _Receiver,
            and_(_Receiver.institution_id == TicketEvent.institution_id, _Receiver.id == TicketEvent.person_id),
        )
        .outerjoin(
            WorkOrder,
            and_(WorkOrder.institution_id == TicketEvent.institution_id, WorkOrder.id == TicketEvent.order_id),
        )
        .where(TicketEvent.ticket_id == ticket.id, meant)
    )
    if not policies.calls_reporters(actor, ticket):  # the number a reporter left is for who calls him
        left = and_(TicketEvent.kind == history.Remark.CALL_BACK.value, TicketEvent.note.is_not(None))
        query = query.where(~left)
    return paging.page(query, [("id", TicketEvent.id.asc())], cursor, limit)


def _without(before: set[int], since: int) -> list[Any]:
    """The columns, without the words of former reporters up to an event, and without their names."""
    unsaid = {
        "note": and_(TicketEvent.id <= since, TicketEvent.actor_id.in_(before)),
        "actor_id": TicketEvent.actor_id.in_(before),
        "person_id": TicketEvent.person_id.in_(before),
        "data": TicketEvent.kind == history.Remark.HANDED_ON.value,
    }
    unsaid |= {"actor_name": unsaid["actor_id"], "person_name": unsaid["person_id"]}
    return [
        case((~func.coalesce(unsaid[each.key], false()), each)).label(each.key) if each.key in unsaid else each
        for each in _COLUMNS
    ]


def _taken_over(actor: Actor, ticket: Any) -> tuple[int, set[int]] | None:
    """The event with which the actor took the ticket over, and who reported it before him.

    None: it was his from the beginning, or is not his.
    """
    if actor.id is None or ticket.reporter_id != actor.id:
        return None
    handed = db.session.execute(
        select(TicketEvent.id, TicketEvent.person_id, TicketEvent.data)
        .where(TicketEvent.ticket_id == ticket.id, TicketEvent.kind == history.Remark.HANDED_ON.value)
        .order_by(TicketEvent.id)
    ).all()
    since = max((each.id for each in handed if each.person_id == actor.id), default=None)
    if since is None:
        return None
    return since, {int(each.data["from"]) for each in handed if each.data and each.data.get("from")} - {actor.id}


def messages(ticket_id: int) -> Sequence[Any]:
    """What reporter, crew and desk wrote to each other, oldest first; for whoever holds one of the orders."""
    return db.session.execute(
        select(
            TicketEvent.kind,
            TicketEvent.at,
            TicketEvent.actor_id,
            Person.name.label("actor_name"),
            TicketEvent.note,
            TicketEvent.data,
        )
        .outerjoin(Person, and_(Person.institution_id == TicketEvent.institution_id, Person.id == TicketEvent.actor_id))
        .where(TicketEvent.ticket_id == ticket_id, TicketEvent.kind == history.Remark.MESSAGE.value)
        .order_by(TicketEvent.id.desc())
        .limit(MESSAGES)
    ).all()[::-1]


def calls_back(ticket_id: int) -> list[Any]:
    """The events about calls between reporter, crew and desk, oldest first, without what was written."""
    query = select(TicketEvent.id, TicketEvent.at, TicketEvent.order_id, TicketEvent.data).where(
        TicketEvent.ticket_id == ticket_id, TicketEvent.kind == history.Remark.CALL_BACK.value
    )
    return list(db.session.execute(query.order_by(TicketEvent.id)))


def folded(ticket_id: int) -> history.Story:
    """The state of a ticket and its orders as its events say it (for tests, doctor and repair)."""
    return history.fold(events(ticket_id))


def events(ticket_id: int) -> Sequence[history.Event]:
    """All events of a ticket as the rules read them."""
    rows = db.session.execute(
        select(
            TicketEvent.id,
            TicketEvent.at,
            TicketEvent.kind,
            TicketEvent.order_id,
            TicketEvent.from_state,
            TicketEvent.to_state,
            TicketEvent.reason,
            TicketEvent.actor_id,
            TicketEvent.cycle,
            TicketEvent.person_id,
        )
        .where(TicketEvent.ticket_id == ticket_id)
        .order_by(TicketEvent.id)
    )
    return [history.Event(**row._mapping) for row in rows]
