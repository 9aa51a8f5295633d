"""Which tickets and work orders somebody sees, as SQL conditions.

Reporter: his own and those he follows. Crew (a contractor too): orders offered to him, held or held before, and their
tickets. Staff: what lies in the scopes of a reading permission. The system: everything of the institution.
Ids of one person's rows come from a union of index look-ups, so that no list walks other people's tickets.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute

from app.core.actor import Actor
from app.core.db import db
from app.tickets import policies
from app.tickets.models import Offer, Ticket, TicketFollower, WorkOrder


def tickets_seen(actor: Actor) -> ColumnElement[bool]:
    """The tickets the actor may see."""
    if sees_all(actor):
        return true()
    return or_(false(), *_scoped(actor, Ticket.campus_id, Ticket.building_id), *_own_tickets(actor))


def orders_seen(actor: Actor) -> ColumnElement[bool]:
    """The work orders the actor may see."""
    if sees_all(actor):
        return true()
    scoped = _scoped(actor, WorkOrder.campus_id, WorkOrder.building_id)
    return or_(false(), *scoped, *_own_orders(actor))


def own_tickets(actor: Actor) -> ColumnElement[bool]:
    """Those the actor sees whatever his scopes are: reported, followed, worked on."""
    return or_(false(), *_own_tickets(actor))


def reads_scopes(actor: Actor) -> bool:
    """Whether the actor reads other people's tickets by a scope."""
    return sees_all(actor) or any(scope_ids(actor))


def sees_all(actor: Actor) -> bool:
    """Whether the actor reads the whole institution."""
    return actor.kind == "system" or any(
        scope.kind == "institution" for permission in policies.READ for scope in actor.scopes(permission)
    )


def scope_ids(actor: Actor) -> tuple[list[int], list[int]]:
    """Ids of the campuses and of the buildings the actor reads."""
    scopes = {scope for permission in policies.READ for scope in actor.scopes(permission)}
    campuses = sorted(scope.id for scope in scopes if scope.kind == "campus" and scope.id is not None)
    buildings = sorted(scope.id for scope in scopes if scope.kind == "building" and scope.id is not None)
    return campuses, buildings


def sees_ticket(actor: Actor, ticket_id: int) -> bool:
    """Whether the actor may see a ticket (and its photos)."""
    return db.session.scalar(select(Ticket.id).where(Ticket.id == ticket_id, tickets_seen(actor))) is not None


def sees_order(actor: Actor, order_id: int) -> bool:
    """Whether the actor may see an order's photos: he sees the order, or its ticket."""
    ticket_id = db.session.scalar(select(WorkOrder.ticket_id).where(WorkOrder.id == order_id, orders_seen(actor)))
    if ticket_id is not None:
        return True
    owner = select(WorkOrder.ticket_id).where(WorkOrder.id == order_id).scalar_subquery()
    return db.session.scalar(select(Ticket.id).where(Ticket.id == owner, tickets_seen(actor))) is not None


def reported_by(person_id: int) -> ColumnElement[bool]:
    """Tickets of a reporter and those he follows: `mine=1`."""
    return Ticket.id.in_(
        union_all(
            select(Ticket.id).where(Ticket.reporter_id == person_id),
            select(TicketFollower.ticket_id).where(TicketFollower.person_id == person_id),
        )
    )


def _scoped(
    actor: Actor, campus: InstrumentedAttribute[Any], building: InstrumentedAttribute[Any]
) -> list[ColumnElement[bool]]:
    campuses, buildings = scope_ids(actor)
    found: list[ColumnElement[bool]] = []
    if campuses:
        found.append(campus.in_(campuses))
    if buildings:
        found.append(building.in_(buildings))
    return found


def _own_tickets(actor: Actor) -> list[ColumnElement[bool]]:
    if actor.id is None:
        return []
    parts: list[Any] = []
    if actor.can("tickets.own"):
        parts += [
            select(Ticket.id).where(Ticket.reporter_id == actor.id),
            select(TicketFollower.ticket_id).where(TicketFollower.person_id == actor.id),
        ]
    if actor.can(policies.WORK):
        parts.append(select(WorkOrder.ticket_id).where(WorkOrder.id.in_(_order_ids(actor.id))))
    return [Ticket.id.in_(union_all(*parts))] if parts else []


def _own_orders(actor: Actor) -> list[ColumnElement[bool]]:
    if actor.id is None or not actor.can(policies.WORK):
        return []
    return [WorkOrder.id.in_(_order_ids(actor.id))]


def _order_ids(person_id: int) -> Any:
    """Orders offered to a person, held by him now or before: whoever held one was offered it."""
    return union_all(
        select(Offer.order_id).where(Offer.person_id == person_id),
        select(WorkOrder.id).where(WorkOrder.assignee_id == person_id),
    )
