"""Opening work orders: the first of a ticket, further ones by staff, rework."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, text

from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Conflict, Rejected
from app.core.i18n import DEFAULT_ZONE
from app.events.tickets.orders import OrderProposed
from app.sites import scope_words
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import Category
from app.tickets.queries import crews
from app.tickets.rules import guards, workflow
from app.tickets.rules.limits import MAX_MINUTES
from app.tickets.rules.numbers import numbering_year
from app.tickets.rules.workflow import OrderAct, OrderState, Who
from app.tickets.services import catalogue, done, refusals, visits
from app.tickets.services.case import Case, by_order, by_ticket
from app.tickets.services.done import OrderDone
from app.tickets.services.held import HeldOrder


def open_order(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    trade: str,
    minutes: int | None = None,
    after: int | None = None,
    reason: str | None = None,
    seen: int | None = None,
) -> OrderDone:
    """Staff adds an order for a trade; it is queued at once, or when the order `after` is done or cancelled.

    Whoever holds an order of the ticket proposes: his stays planned until a dispatcher approves. Raises NotAllowed,
    Conflict (the ticket does not let orders move), Rejected (fields `trade`, `minutes`, `after`).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    staff = policies.in_scope(actor, policies.DISPATCH, case.ticket)
    if not staff and not any(Who.HOLDER in policies.parts_of_order(actor, each) for each in case.orders.values()):
        raise scope_words.not_there(actor, case.ticket, [policies.DISPATCH])
    case.seen_ticket(seen)
    found = catalogue.usable_trade(trade, now)
    if minutes is not None and not 0 < minutes <= MAX_MINUTES:
        raise Rejected(fields={"minutes": _l("Give the planned minutes, at most a week.")})
    if after is not None and after not in case.orders:
        raise Rejected(fields={"after": _l("This is not an order of the same request.")})
    order = insert_order(
        case,
        trade_id=found.id,
        planned_minutes=minutes or _usual_minutes(case.ticket.category_id),
        after_id=after,
        reason=reason,
        proposed_by=None if staff else actor.id,
    )
    if not staff:
        case.tell(OrderProposed(order.id, case.ticket.id, _who_decides(case, order)))
    else:
        queue_in_time(case, order, by_system=False)
    case.write()
    return done.order(case, order)


def approve(*, actor: Actor, now: datetime, order_id: int, seen: int | None) -> OrderDone:
    """A dispatcher takes up what a technician proposed: it is queued, or waits for the order it comes after.

    Raises NotFound, NotAllowed, Stale; Conflict where it is no proposal (any more). Who does not want it cancels it.
    """
    case, order = by_order(order_id, actor=actor, now=now)
    scope_words.require(actor, order, policies.DISPATCH)
    case.seen_order(order, seen)
    if order.proposed_by is None or order.state is not OrderState.PLANNED:
        raise Conflict(_l("This order needs no approval."))
    order.proposed_by, order.dispatcher_id = None, actor.id
    queue_in_time(case, order, by_system=False)
    case.write()
    return done.order(case, order)


def _who_decides(case: Case, order: HeldOrder) -> tuple[int, ...]:
    return crews.responsible(
        assignee_id=None,
        dispatcher_id=None,
        campus_id=order.campus_id,
        building_id=order.building_id,
        trade_id=order.trade_id,
        now=case.now,
    )


def first_order(case: Case) -> HeldOrder:
    """The order a category opens: its trade and usual minutes, queued."""
    row = db.session.execute(
        select(Category.trade_id, Category.planned_minutes).where(Category.id == case.ticket.category_id)
    ).one()
    if row.trade_id is None:
        raise Rejected(fields={"category": _l("This category has no trade, so no order can be opened.")})
    order = insert_order(case, trade_id=row.trade_id, planned_minutes=row.planned_minutes, by_system=True)
    queue_in_time(case, order)
    return order


def queue_in_time(case: Case, order: HeldOrder, *, by_system: bool = True) -> None:
    """Queue a new order at once, or when the window the reporter chose comes near."""
    if case.may_queue(order):
        case.move_order(order, OrderAct.QUEUE, by_system=by_system)
    elif case.dependencies_over(order):
        visits.wait_for(case, order.id)


def again(case: Case, cancelled: Sequence[int]) -> None:
    """New orders for those that ended with a merge, in their order; the category's first one where there were none.

    No rework is among them: what somebody has worked on is not merged.
    """
    ended = [case.orders[each] for each in cancelled if each in case.orders]
    made: dict[int, HeldOrder] = {}
    for old in ended:
        after = made[old.after_id].id if old.after_id in made else old.after_id
        made[old.id] = insert_order(
            case,
            trade_id=old.trade_id,
            planned_minutes=old.planned_minutes,
            after_id=after,
            by_system=True,
        )
    if not made:
        first_order(case)
    for order in made.values():
        queue_in_time(case, order)


def insert_order(
    case: Case,
    *,
    trade_id: int,
    planned_minutes: int,
    kind: str = "corrective",
    rework_of_id: int | None = None,
    after_id: int | None = None,
    reason: str | None = None,
    by_system: bool = False,
    proposed_by: int | None = None,
) -> HeldOrder:
    """Open an order in planned. Raises Conflict where the ticket does not let orders move."""
    ticket = case.ticket
    try:
        row = workflow.order_transition(None, OrderAct.OPEN, ticket=ticket.status)
    except workflow.TransitionRefused as error:
        raise refusals.refused(error) from error
    nobodys = by_system or proposed_by is not None  # no dispatcher has decided it yet
    who = Who.SYSTEM if nobodys else Who.DISPATCHER
    refusals.require(guards.check(row, who, case.facts(trade=str(trade_id), planned_minutes=planned_minutes)))
    zone = db.session.scalar(select(Place.zone_name).where(Place.id == ticket.campus_id)) if ticket.campus_id else None
    written = db.session.execute(
        _OPEN,
        {
            "institution": current_institution(),
            "year": numbering_year(case.now, zone or DEFAULT_ZONE),
            "ticket_id": ticket.id,
            "trade_id": trade_id,
            "kind": kind,
            "state": row.target().value,
            "cycle": ticket.cycle,
            "priority": ticket.priority,
            "campus_id": ticket.campus_id,
            "building_id": ticket.building_id,
            "planned_minutes": planned_minutes,
            "rework_of_id": rework_of_id,
            "after_id": after_id,
            "dispatcher_id": None if nobodys else case.actor.id,
            "proposed_by": proposed_by,
            "urged": ticket.urged,
            "now": case.now,
        },
    ).one()
    order = HeldOrder(
        id=written.id,
        number=written.number,
        ticket_id=ticket.id,
        trade_id=trade_id,
        kind=kind,
        state=OrderState.PLANNED,
        cycle=ticket.cycle,
        priority=ticket.priority,
        campus_id=ticket.campus_id,
        building_id=ticket.building_id,
        assignee_id=None,
        dispatcher_id=None if nobodys else case.actor.id,
        offered_until=None,
        planned_minutes=planned_minutes,
        hold_reason=None,
        hold_until=None,
        rework_of_id=rework_of_id,
        after_id=after_id,
        waiting=None,
        lead_called_at=None,
        help_asked_at=None,
        proposed_by=proposed_by,
        pooled=False,
        worked=False,
        urged=ticket.urged,
        due_at=None,
        due_clock=None,
        started_at=None,
        done_at=None,
        version=1,
    )
    case.add(order)
    case.remark(
        OrderAct.OPEN,
        order_id=order.id,
        to_state=order.state,
        reason=reason or None,
        data=None if after_id is None else {"after": after_id},
        by_system=by_system,
    )
    return order


def _usual_minutes(category_id: int) -> int:
    found: int = db.session.scalar(select(Category.planned_minutes).where(Category.id == category_id)) or 30
    return found


_OPEN = text(
    """
    WITH serial AS (
        INSERT INTO number_counter (institution_id, kind, year, value) VALUES (:institution, 'W', :year, 1)
        ON CONFLICT ON CONSTRAINT uq_number_counter DO UPDATE SET value = number_counter.value + 1
        RETURNING value
    )
    INSERT INTO work_order (
        institution_id, number, ticket_id, trade_id, kind, state, cycle, priority, campus_id, building_id,
        planned_minutes, rework_of_id, after_id, dispatcher_id, proposed_by, pooled, worked, urged, opened_at, version)
    SELECT :institution,
        'W' || to_char(:year % 100, 'FM00') || '-' || lpad(value::text, greatest(6, length(value::text)), '0'),
        :ticket_id, :trade_id, :kind, :state, :cycle, :priority, :campus_id, :building_id,
        :planned_minutes, :rework_of_id, :after_id, :dispatcher_id, :proposed_by, false, false, :urged, :now, 1
    FROM serial
    RETURNING id, number
    """
)
