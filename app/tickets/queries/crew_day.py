"""A technician's day: what is offered to him, what he holds, what he finished today; and one order as he sees it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Select, and_, case, func, null, select, true, union_all
from sqlalchemy.orm import aliased

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import db
from app.core.prepared import Reading, among, blind, code, number, value
from app.sites.models import Place
from app.tickets.models import Category, CategoryVersion, Extension, Offer, OrderHelper, Ticket, TicketEvent, WorkOrder
from app.tickets.queries import due, orders, viewer
from app.tickets.queries.viewer import Sight
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import ORDER_FINISHED, ORDER_HELD, ORDER_LOAD, OrderAct, OrderState, TicketAct

HELD_AT_MOST = 300
DONE_AT_MOST = 50

_building = aliased(Place)
_in_building = and_(_building.institution_id == WorkOrder.institution_id, _building.id == WorkOrder.building_id)

_MINE = and_(WorkOrder.assignee_id == value("person", BigInteger), among(WorkOrder.state, ORDER_LOAD))
# the day's work by a walk that ends with what is shown, however many years it goes back
_FINISHED = (
    select(WorkOrder.id, WorkOrder.version, WorkOrder.done_at)
    .where(
        WorkOrder.assignee_id == value("person", BigInteger),
        among(WorkOrder.state, ORDER_FINISHED),
        WorkOrder.done_at >= blind("since", DateTime(timezone=True)),
    )
    .order_by(WorkOrder.done_at.desc(), WorkOrder.id.desc())
    .limit(number(DONE_AT_MOST))
)


def stamp(person_id: int, since: datetime) -> str:
    """A text that changes when anything on the day's page does; one cheap aggregate. `since`: midnight."""
    row = _stamp().first({"person": person_id, "since": since})
    return "-".join(str(each or 0) for each in row or ())


@cache
def _stamp() -> Reading:
    done = _FINISHED.subquery()
    shown = union_all(
        # what the reporter's reminders change raises no version
        select(WorkOrder.id, (WorkOrder.version + WorkOrder.urged).label("version")).where(_MINE),
        select(done.c.id, done.c.version),
    ).subquery()
    return Reading(select(func.count(), func.sum(shown.c.version), func.sum(shown.c.id)))


def held(person_id: int) -> Sequence[Any]:
    """What is offered to him and what he holds, offers by their end, then by building. One statement."""
    return _held().rows({"person": person_id})


@cache
def _held() -> Reading:
    return Reading(
        _select()
        .where(_MINE)
        .order_by(WorkOrder.offered_until.asc().nulls_last(), _building.sort_key, WorkOrder.id)
        .limit(number(HELD_AT_MOST))
    )


def helped(person_id: int) -> Sequence[Any]:
    """The orders of others he helps with now. One statement."""
    return _helped().rows({"person": person_id})


@cache
def _helped() -> Reading:
    helps = select(OrderHelper.order_id).where(
        OrderHelper.person_id == value("person", BigInteger), OrderHelper.left_at.is_(None)
    )
    return Reading(
        _select()
        .where(WorkOrder.id.in_(helps), among(WorkOrder.state, ORDER_HELD))
        .order_by(WorkOrder.id)
        .limit(number(HELD_AT_MOST))
    )


def done_since(person_id: int, since: datetime) -> Sequence[Any]:
    """What he finished from an instant on, the last first, without what is over (offer, contact). One statement."""
    return _done().rows({"person": person_id, "since": since})


@cache
def _done() -> Reading:
    shown = _FINISHED.subquery("page")
    return Reading(
        orders.order_rows(shown)
        .add_columns(WorkOrder.building_id, _building.name.label("building"), null().label("working_since"))
        .add_columns(orders.reworked().label("reworked"))
        .outerjoin(_building, _in_building)
        .order_by(shown.c.done_at.desc(), shown.c.id.desc())
    )


def one(order_id: int, actor: Actor) -> Any | None:
    """One order the actor may see, in the same shape, with what was answered and is demanded; None for any other."""
    return _one(viewer.sight_of(actor)).first({**viewer.values_of(actor), "order_id": order_id})


@lru_cache(maxsize=64)
def _one(sight: Sight) -> Reading:
    asked, rules = aliased(CategoryVersion), aliased(CategoryVersion)
    return Reading(
        _select()
        .add_columns(WorkOrder.trade_id, WorkOrder.dispatcher_id)
        .add_columns(Ticket.promised_at, _more_time().label("more_time_until"))
        .add_columns(
            Ticket.answers,
            asked.questions.label("asked"),
            rules.demands,
            rules.price_class,
            orders.last_of(OrderAct.HOLD, TicketEvent.data).label("hold_data"),
            orders.last_of(OrderAct.DONE, TicketEvent.note).label("done_note"),
            orders.last_of(OrderAct.DONE, TicketEvent.note, WorkOrder.rework_of_id).label("earlier_note"),
        )
        .add_columns(orders.last_of(Remark.HELPER, TicketEvent.reason).label("help_reason"))
        .add_columns(orders.reworked().label("reworked"))
        .outerjoin(asked, and_(asked.institution_id == Ticket.institution_id, asked.id == Ticket.asked_version_id))
        .outerjoin(rules, and_(rules.institution_id == Ticket.institution_id, rules.id == Ticket.category_version_id))
        .where(WorkOrder.id == value("order_id", BigInteger), viewer.orders_of(sight))
    )


def _more_time() -> Any:
    """Until when more time is asked for, where nobody has decided yet."""
    return (
        select(Extension.until)
        .where(
            Extension.institution_id == WorkOrder.institution_id,
            Extension.ticket_id == WorkOrder.ticket_id,
            Extension.decided_at.is_(None),
        )
        .correlate(WorkOrder)
        .scalar_subquery()
    )


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
    reporter, given = aliased(Person), _handed_over()
    found: Select[Any] = (
        orders.order_rows()
        .add_columns(
            WorkOrder.campus_id,
            WorkOrder.building_id,
            Category.hints,
            Ticket.filed_at,
            Ticket.place_text,
            Ticket.reporter_id,
            Ticket.visit_from,
            Ticket.visit_to,
            orders.contact_of(Ticket.contact_name, reporter.name).label("contact_name"),
            orders.contact_of(Ticket.contact_phone, reporter.phone).label("contact_phone"),
            _building.name.label("building"),
            Offer.offered_at,
            Offer.why,
            *given.c,
            _working_since().label("working_since"),
            _complaint().label("complaint"),
            *due.columns(WorkOrder),
        )
        .outerjoin(reporter, and_(reporter.institution_id == Ticket.institution_id, reporter.id == Ticket.reporter_id))
        .outerjoin(
            _building,
            _in_building,
        )
        .outerjoin(
            Offer,
            and_(
                Offer.institution_id == WorkOrder.institution_id,
                Offer.order_id == WorkOrder.id,
                Offer.outcome.is_(None),
            ),
        )
        .outerjoin(given, true())
    )
    return found


def _handed_over() -> Any:
    """Who gave the order by hand to whoever has it, with which reason and words; NULL where it came by itself.

    The latest hand-over counts: what was given by hand and went back may have been offered by the ranking since, or
    grabbed.
    """
    event, giver = aliased(TicketEvent), aliased(Person)
    by_hand = and_(
        giver.institution_id == event.institution_id,
        giver.id == event.actor_id,
        event.kind != code(OrderAct.GRAB.value),
    )
    return (
        select(
            giver.name.label("given_by"),
            event.reason.label("given_reason"),
            event.note.label("given_note"),
        )
        .select_from(event)
        .outerjoin(giver, by_hand)
        .where(
            event.institution_id == WorkOrder.institution_id,
            event.ticket_id == WorkOrder.ticket_id,
            event.order_id == WorkOrder.id,
            among(event.kind, (OrderAct.OFFER, OrderAct.REASSIGN, OrderAct.GRAB)),
        )
        .order_by(event.id.desc())
        .limit(number(1))
        .correlate(WorkOrder)
        .lateral("given")
    )


def _complaint() -> Any:
    """What the reporter said is still wrong, of an order that does another's work again; else NULL."""
    said = (
        select(TicketEvent.note)
        .where(
            TicketEvent.institution_id == WorkOrder.institution_id,
            TicketEvent.ticket_id == WorkOrder.ticket_id,
            TicketEvent.kind == code(TicketAct.NOT_FIXED.value),
            TicketEvent.data["order_id"].astext.cast(BigInteger) == WorkOrder.rework_of_id,
            TicketEvent.at <= WorkOrder.opened_at,
        )
        .order_by(TicketEvent.id.desc())
        .limit(number(1))
        .correlate(WorkOrder)
        .scalar_subquery()
    )
    return case((WorkOrder.rework_of_id.is_not(None), said))


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
