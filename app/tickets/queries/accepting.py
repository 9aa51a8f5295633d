"""Finished work a third party accepts before the request is closed (tickets-rules V, N9): whose, which, how many."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, ColumnElement, Select, any_, func, or_, select

from app.core import paging
from app.core.actor import Actor
from app.core.prepared import Count, code, number, value, values
from app.tickets import policies
from app.tickets.models import CategoryVersion, Ticket
from app.tickets.queries.tickets import THIRD_PARTY, ticket_rows
from app.tickets.rules.states import TicketStatus

COUNTED: Final = 100


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
    query = ticket_rows().where(*_waiting(_given(actor)))
    return paging.page(query, [("resolved_at", Ticket.resolved_at.asc()), ("id", Ticket.id.asc())], cursor, limit)


def _waiting(scope: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
    versions = select(CategoryVersion.id).where(demanded())
    resolved = Ticket.status == code(TicketStatus.RESOLVED.value)
    return resolved, Ticket.category_version_id.in_(versions), scope


def _given(actor: Actor) -> ColumnElement[bool]:
    campuses, buildings = _scope_ids(actor)
    if _everywhere(actor):
        return Ticket.id.is_not(None)
    return or_(Ticket.campus_id.in_(campuses), Ticket.building_id.in_(buildings))


def _named() -> ColumnElement[bool]:
    return or_(
        value("accepts_all", Boolean),
        Ticket.campus_id == any_(values("accepts_campuses", BigInteger)),
        Ticket.building_id == any_(values("accepts_buildings", BigInteger)),
    )


@cache
def _counted() -> Select[Any]:
    some = select(Ticket.id).where(*_waiting(_named())).limit(number(COUNTED))
    return select(func.count()).select_from(some.subquery())


def _counted_for(actor: Actor) -> dict[str, Any]:
    campuses, buildings = _scope_ids(actor)
    return {"accepts_all": _everywhere(actor), "accepts_campuses": campuses, "accepts_buildings": buildings}


WAITING = Count(_counted, _counted_for)
"""The number beside the navigation's entry."""


def _everywhere(actor: Actor) -> bool:
    return any(scope.kind == "institution" for scope in actor.scopes(policies.ACCEPT_THIRD))


def _scope_ids(actor: Actor) -> tuple[list[int], list[int]]:
    scopes = actor.scopes(policies.ACCEPT_THIRD)
    campuses = sorted(scope.id for scope in scopes if scope.kind == "campus" and scope.id is not None)
    buildings = sorted(scope.id for scope in scopes if scope.kind == "building" and scope.id is not None)
    return campuses, buildings
