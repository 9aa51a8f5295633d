"""Finished work a third party accepts before the request is closed (tickets-rules V, N9): whose, which, how many."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select

from app.core import paging
from app.core.actor import Actor
from app.core.prepared import Count, code, number
from app.core.scoped import Reach, reached
from app.tickets import policies
from app.tickets.models import CategoryVersion, Ticket
from app.tickets.queries.tickets import THIRD_PARTY, ticket_rows
from app.tickets.rules.states import TicketStatus

COUNTED: Final = 100
_THERE: Final = Reach("accepts", policies.ACCEPT_THIRD)


def demanded(version: Any = CategoryVersion) -> ColumnElement[bool]:
    """Whether a category's version wants its work accepted by a third party."""
    made: ColumnElement[bool] = func.coalesce(version.demands.op("@>")(THIRD_PARTY), False)
    return made


def of_ticket() -> Any:
    """The same of the version that counts for a ticket, as a column beside it."""
    asked = (
        select(demanded())
        .where(
            CategoryVersion.institution_id == Ticket.institution_id, CategoryVersion.id == Ticket.category_version_id
        )
        .correlate(Ticket)
        .scalar_subquery()
    )
    return func.coalesce(asked, False)


def page(actor: Actor, *, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> paging.Page[Any]:
    """What waits for the actor's acceptance, what was finished first on top. One statement."""
    query = ticket_rows().where(*_waiting(reached(actor, Ticket.campus_id, Ticket.building_id, policies.ACCEPT_THIRD)))
    return paging.page(query, [("resolved_at", Ticket.resolved_at.asc()), ("id", Ticket.id.asc())], cursor, limit)


def _waiting(scope: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    versions = select(CategoryVersion.id).where(demanded())
    resolved = Ticket.status == code(TicketStatus.RESOLVED.value)
    return resolved, Ticket.category_version_id.in_(versions), scope


@cache
def _counted() -> Select[Any]:
    some = select(Ticket.id).where(*_waiting(_THERE.rows(Ticket.campus_id, Ticket.building_id))).limit(number(COUNTED))
    return select(func.count()).select_from(some.subquery())


WAITING = Count(_counted, _THERE.of)
"""The number beside the navigation's entry."""
