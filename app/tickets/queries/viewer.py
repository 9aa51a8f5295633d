"""Which tickets and work orders somebody sees, as SQL conditions.

Reporter: his own (those he follows are shown reduced, by `followed`; of those he took over, `taken_over` says what).
Crew (a contractor too): orders offered to him, held or held before, and their tickets. Staff: what lies in the scopes
of a reading permission. The system: everything of the institution.
Ids of one person's rows come from a union of index look-ups, so that no list walks other people's tickets.

A `Sight` is what of a viewer decides the shape of the condition; lists build one statement per shape and run it with
`values_of(actor)`. `tickets_seen(actor)` and `orders_seen(actor)` are the same conditions with the values in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, any_, bindparam, false, func, or_, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute

from app.core.actor import Actor
from app.core.db import db
from app.core.prepared import value, values
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import Offer, OrderHelper, Ticket, WorkOrder


@dataclass(frozen=True, slots=True)
class Sight:
    """What decides the shape of a viewer's condition: everything, or own, crew's, campuses' and buildings' rows."""

    everything: bool
    owns: bool = False
    works: bool = False
    campuses: bool = False
    buildings: bool = False


# required: a statement that is run without its viewer fails, it never shows somebody else's rows
NAMED: Mapping[str, Any] = {
    "viewer": value("viewer", BigInteger),
    "campuses": values("campuses", BigInteger),
    "buildings": values("buildings", BigInteger),
}


def sight_of(actor: Actor) -> Sight:
    """The sight of an actor."""
    if actor.holds_everywhere(*policies.READ):
        return Sight(everything=True)
    return Sight(
        everything=False,
        owns=actor.id is not None and actor.can("tickets.own"),
        works=actor.id is not None and actor.can(policies.WORK),
        campuses=bool(actor.scope_ids("campus", *policies.READ)),
        buildings=bool(actor.scope_ids("building", *policies.READ)),
    )


def values_of(actor: Actor) -> dict[str, Any]:
    """The values of the `NAMED` parameters for an actor."""
    return {
        "viewer": actor.id,
        "campuses": actor.scope_ids("campus", *policies.READ),
        "buildings": actor.scope_ids("building", *policies.READ),
    }


def tickets_of(sight: Sight, named: Mapping[str, Any] = NAMED) -> ColumnElement[bool]:
    """The tickets of a sight."""
    if sight.everything:
        return true()
    scoped = _scoped(sight, named, Ticket.campus_id, Ticket.building_id)
    return or_(false(), *scoped, own_tickets_of(sight, named))


def orders_of(sight: Sight, named: Mapping[str, Any] = NAMED) -> ColumnElement[bool]:
    """The work orders of a sight."""
    if sight.everything:
        return true()
    found = _scoped(sight, named, WorkOrder.campus_id, WorkOrder.building_id)
    if sight.works:
        found.append(WorkOrder.id.in_(_order_ids(named["viewer"])))
    return or_(false(), *found)


def own_tickets_of(sight: Sight, named: Mapping[str, Any] = NAMED) -> ColumnElement[bool]:
    """Those somebody sees whatever his scopes are: reported, worked on."""
    parts: list[Any] = []
    if sight.owns:
        parts += _reported(named["viewer"])
    if sight.works:
        parts.append(_worked(named["viewer"]))
    return Ticket.id.in_(union_all(*parts)) if parts else false()


def taken_over(sight: Sight, named: Mapping[str, Any] = NAMED) -> ColumnElement[bool]:
    """Tickets the viewer sees for no other reason than that he took them over from their first reporter (N8).

    He is shown of what was before what a follower is; whoever works on it or reads its scope as staff sees it all.
    """
    if sight.everything or not sight.owns:
        return false()
    besides = _scoped(sight, named, Ticket.campus_id, Ticket.building_id)
    if sight.works:
        besides.append(Ticket.id.in_(_worked(named["viewer"])))
    mine = and_(Ticket.taken_over_at.is_not(None), Ticket.reporter_id == named["viewer"])
    return and_(mine, ~func.coalesce(or_(*besides), false())) if besides else mine


def tickets_seen(actor: Actor) -> ColumnElement[bool]:
    """The tickets the actor may see."""
    return tickets_of(sight_of(actor), _bound(actor))


def orders_seen(actor: Actor) -> ColumnElement[bool]:
    """The work orders the actor may see."""
    return orders_of(sight_of(actor), _bound(actor))


def _bound(actor: Actor) -> dict[str, Any]:
    """The parameters with their values in them."""
    given = values_of(actor)
    return {name: bindparam(name, given[name], type_=each.type, unique=True) for name, each in NAMED.items()}


def sees_ticket(actor: Actor, ticket_id: int) -> bool:
    """Whether the actor sees a ticket, or anybody may."""
    seen = select(Ticket.id).where(Ticket.id == ticket_id, or_(tickets_seen(actor), published()))
    return db.session.scalar(seen) is not None


def sees_photo(actor: Actor, ticket_id: int, at: datetime) -> bool:
    """Whether the actor may see a photo a ticket was given at an instant."""
    seen = select(Ticket.id).where(Ticket.id == ticket_id, or_(_shown_since(actor, at), published()))
    return db.session.scalar(seen) is not None


def sees_message_photo(actor: Actor, ticket_id: int, at: datetime) -> bool:
    """Whether the actor may see a photo that went with a message about a ticket: publishing shows no messages."""
    return db.session.scalar(select(Ticket.id).where(Ticket.id == ticket_id, _shown_since(actor, at))) is not None


def _shown_since(actor: Actor, at: datetime) -> ColumnElement[bool]:
    """The tickets of which the actor sees what was photographed at an instant (N8)."""
    before = and_(taken_over(sight_of(actor), _bound(actor)), Ticket.taken_over_at > at)
    return and_(tickets_seen(actor), ~before)


def published() -> ColumnElement[bool]:
    """Tickets whose text and photos anybody may see: published by staff, in a public place."""
    return and_(Ticket.published.is_(True), Ticket.place_id.in_(select(Place.id).where(Place.public)))


def sees_order_photo(actor: Actor, order_id: int, at: datetime) -> bool:
    """Whether the actor may see a photo an order was given at an instant: he sees the order, or its ticket."""
    ticket_id = db.session.scalar(select(WorkOrder.ticket_id).where(WorkOrder.id == order_id, orders_seen(actor)))
    if ticket_id is not None:
        return True
    owner = select(WorkOrder.ticket_id).where(WorkOrder.id == order_id).scalar_subquery()
    return db.session.scalar(select(Ticket.id).where(Ticket.id == owner, _shown_since(actor, at))) is not None


def _scoped(
    sight: Sight, named: Mapping[str, Any], campus: InstrumentedAttribute[Any], building: InstrumentedAttribute[Any]
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sight.campuses:
        found.append(campus == any_(named["campuses"]))
    if sight.buildings:
        found.append(building == any_(named["buildings"]))
    return found


def _reported(person: Any) -> list[Any]:
    return [select(Ticket.id).where(Ticket.reporter_id == person)]


def _worked(person: Any) -> Any:
    return select(WorkOrder.ticket_id).where(WorkOrder.id.in_(_order_ids(person)))


def _order_ids(person: Any) -> Any:
    """Orders offered to a person, held by him (whoever held one was offered it), helped with, or proposed."""
    return union_all(
        select(Offer.order_id).where(Offer.person_id == person),
        select(WorkOrder.id).where(WorkOrder.assignee_id == person),
        select(OrderHelper.order_id).where(OrderHelper.person_id == person),
        select(WorkOrder.id).where(WorkOrder.proposed_by == person),
    )
