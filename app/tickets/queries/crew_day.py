"""A technician's day: what is offered to him, what he holds, what he finished today; and one order as he sees it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import db
from app.sites.models import Place
from app.tickets.models import Category, Offer, Ticket, TicketEvent, WorkOrder
from app.tickets.queries import orders, viewer
from app.tickets.rules.workflow import ORDER_LOAD, OrderAct, OrderState

HELD_AT_MOST = 300
DONE_AT_MOST = 50
FINISHED = (OrderState.DONE.value, OrderState.VERIFIED.value, OrderState.CLOSED.value)

_LOAD = sorted(state.value for state in ORDER_LOAD)
_building = aliased(Place)
_chooser = aliased(Person)


def _mine(person_id: int) -> ColumnElement[bool]:
    return and_(WorkOrder.assignee_id == person_id, WorkOrder.state.in_(_LOAD))


def _finished(person_id: int, since: datetime) -> ColumnElement[bool]:
    return and_(WorkOrder.assignee_id == person_id, WorkOrder.state.in_(FINISHED), WorkOrder.done_at >= since)


def stamp(person_id: int, since: datetime) -> str:
    """A text that changes when anything on the day's page does; one cheap aggregate. `since`: midnight."""
    row = db.session.execute(
        select(func.count(), func.sum(WorkOrder.version), func.sum(WorkOrder.id)).where(
            WorkOrder.assignee_id == person_id, or_(_mine(person_id), _finished(person_id, since))
        )
    ).one()
    return "-".join(str(each or 0) for each in row)


def held(person_id: int) -> Sequence[Row[Any]]:
    """What is offered to him and what he holds, offers by their end, then by building. One statement."""
    return db.session.execute(
        _select()
        .where(_mine(person_id))
        .order_by(WorkOrder.offered_until.asc().nulls_last(), _building.sort_key, WorkOrder.id)
        .limit(HELD_AT_MOST)
    ).all()


def done_since(person_id: int, since: datetime) -> Sequence[Row[Any]]:
    """What he finished from an instant on, the last first. One statement."""
    return db.session.execute(
        _select()
        .where(_finished(person_id, since))
        .order_by(WorkOrder.done_at.desc(), WorkOrder.id.desc())
        .limit(DONE_AT_MOST)
    ).all()


def one(order_id: int, actor: Actor) -> Row[Any] | None:
    """One order the actor may see, in the same shape; None for any other."""
    return db.session.execute(_select().where(WorkOrder.id == order_id, viewer.orders_seen(actor))).first()


def version_of(order_id: int, actor: Actor) -> int | None:
    """The order's present version, where the actor may see it."""
    return db.session.scalar(select(WorkOrder.version).where(WorkOrder.id == order_id, viewer.orders_seen(actor)))


def last_change(order_id: int) -> Any:
    """The last change of an order's state: act, who did it, whom it went to, when."""
    actor, person = aliased(Person), aliased(Person)
    found: Any = db.session.execute(
        select(
            TicketEvent.kind,
            TicketEvent.at,
            TicketEvent.to_state,
            TicketEvent.actor_kind,
            TicketEvent.reason,
            actor.name.label("actor_name"),
            person.name.label("person_name"),
        )
        .join(
            WorkOrder,
            and_(WorkOrder.institution_id == TicketEvent.institution_id, WorkOrder.id == TicketEvent.order_id),
        )
        .outerjoin(actor, and_(actor.institution_id == TicketEvent.institution_id, actor.id == TicketEvent.actor_id))
        .outerjoin(
            person, and_(person.institution_id == TicketEvent.institution_id, person.id == TicketEvent.person_id)
        )
        .where(
            TicketEvent.ticket_id == WorkOrder.ticket_id, WorkOrder.id == order_id, TicketEvent.to_state.is_not(None)
        )
        .order_by(TicketEvent.id.desc())
        .limit(1)
    ).first()
    return found


def _select() -> Select[Any]:
    """The columns of an order on the crew's pages: the usual ones, the building and the live offer."""
    reporter = aliased(Person)
    found: Select[Any] = (
        orders.order_rows()
        .add_columns(
            WorkOrder.campus_id,
            WorkOrder.building_id,
            Category.hints,
            Ticket.filed_at,
            Ticket.place_text,
            func.coalesce(Ticket.contact_name, reporter.name).label("contact_name"),
            func.coalesce(Ticket.contact_phone, reporter.phone).label("contact_phone"),
            _building.name.label("building"),
            Offer.offered_at,
            Offer.why,
            Offer.override,
            _chooser.name.label("chosen_by"),
            _working_since().label("working_since"),
        )
        .outerjoin(reporter, and_(reporter.institution_id == Ticket.institution_id, reporter.id == Ticket.reporter_id))
        .outerjoin(
            _building,
            and_(_building.institution_id == WorkOrder.institution_id, _building.id == WorkOrder.building_id),
        )
        .outerjoin(
            Offer,
            and_(
                Offer.institution_id == WorkOrder.institution_id,
                Offer.order_id == WorkOrder.id,
                Offer.outcome.is_(None),
            ),
        )
        .outerjoin(_chooser, and_(_chooser.institution_id == Offer.institution_id, _chooser.id == Offer.made_by))
    )
    return found


def _working_since() -> Any:
    """When the present stay in working began; NULL in every other state."""
    began = (
        select(func.max(TicketEvent.at))
        .where(
            TicketEvent.institution_id == WorkOrder.institution_id,
            TicketEvent.ticket_id == WorkOrder.ticket_id,
            TicketEvent.order_id == WorkOrder.id,
            TicketEvent.kind == OrderAct.START.value,
        )
        .correlate(WorkOrder)
        .scalar_subquery()
    )
    return case((WorkOrder.state == OrderState.WORKING.value, began))
