"""The pool: a dispatcher puts an order in, whoever of the crew is first takes it (tickets-rules 2, 37, 38)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select

from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.events.tickets.dispatch import OrderPooled, OrderQueued
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Offer, WorkOrder
from app.tickets.queries import pool as queries
from app.tickets.queries import viewer
from app.tickets.rules import dispatching, workflow
from app.tickets.rules.dispatching import EXCLUSION_LABELS, Exclusion, Ranking
from app.tickets.rules.guards import GUARD_MESSAGES
from app.tickets.rules.history import Remark
from app.tickets.rules.offers import Wake
from app.tickets.rules.outcomes import POOLED
from app.tickets.rules.reasons import TO_POOL
from app.tickets.rules.rows import Guard
from app.tickets.rules.workflow import ORDER_HELD, OrderAct, OrderState
from app.tickets.services import dispatch_settings, done
from app.tickets.services.case import Case, by_order, by_order_for
from app.tickets.services.dispatching import last_round, locked_person, looked_at
from app.tickets.services.done import OrderDone
from app.tickets.services.held import HeldOrder


def put(*, actor: Actor, now: datetime, order_id: int, seen: int | None) -> OrderDone:
    """A dispatcher puts an order into the pool; offers stop, one that waits is taken back.

    Raises NotFound, NotAllowed, Stale; Conflict where somebody has it, or it is in the pool already.
    """
    case, order = _order(order_id, actor, now, seen)
    if order.pooled:
        raise Conflict(_l("The order is in the pool already."))
    if order.state is OrderState.PLANNED:
        case.move_order(order, OrderAct.QUEUE)
    elif order.state is OrderState.OFFERED:
        case.move_order(order, OrderAct.REVOKE, reason=TO_POOL)
    if order.state is not OrderState.QUEUED:
        raise Conflict(_l("Only an order that waits for somebody can go into the pool."))
    order.pooled, order.waiting = True, None
    order.dispatcher_id = actor.id
    case.remark(Remark.POOL, order_id=order.id, data={"pooled": True})
    case.tell(OrderPooled(order.id, case.ticket.id, order.version + 1))
    case.write()
    return done.order(case, order)


def take_out(*, actor: Actor, now: datetime, order_id: int, seen: int | None) -> OrderDone:
    """A dispatcher takes an order out of the pool; it is offered by the ranking again. Raises as `put`."""
    case, order = _order(order_id, actor, now, seen)
    if not order.pooled or order.state is not OrderState.QUEUED:
        raise Conflict(_l(GUARD_MESSAGES[Guard.POOLED]))
    order.pooled = False
    case.remark(Remark.POOL, order_id=order.id, data={"pooled": False})
    case.tell(OrderQueued(order.id, case.ticket.id, Wake.QUEUED.value))
    case.write()
    return done.order(case, order)


def claim(*, actor: Actor, now: datetime, order_id: int, seen: int | None) -> OrderDone:
    """Somebody of the crew takes an order from the pool; the first one has it, and twice is once.

    Raises NotFound for an order he could never take; Stale, naming who has it, where somebody was faster; Conflict
    where it is not in the pool; Rejected where shift, cap, absence … stand against it.
    """
    found = _seen_in_pool(actor, order_id)
    if found.state not in _WAITS and found.assignee_id != actor.id:
        # lost already: said without waiting for the lock of whoever won
        case, order = by_order(order_id, actor=Actor.system(actor.institution_id), now=now, lock=False)
        raise case.stale(order)
    case, order = by_order_for(order_id, actor=actor, now=now)
    return claim_in(case, order, seen)


def claim_in(case: Case, order: HeldOrder, seen: int | None) -> OrderDone:
    """The same in a locked case."""
    actor_id = case.actor.id
    if order.assignee_id == actor_id and order.state in ORDER_HELD:
        return done.order(case, order)
    case.seen_order(order, seen)
    if seen is None and order.state is not OrderState.QUEUED:
        raise case.stale(order)
    if order.state is not OrderState.QUEUED or not order.pooled:
        raise Conflict(_l(GUARD_MESSAGES[Guard.POOLED]))
    job, surroundings = looked_at(case, order)
    person = None if actor_id is None else locked_person(actor_id, surroundings, case.now)
    if person is None:
        raise NotAllowed
    limits = dispatch_settings.present()
    against = [one for one in dispatching.exclusions(job, person, case.now, limits) if one is not _ASKED]
    if against:
        said = [_l(EXCLUSION_LABELS[one]) for one in against]
        raise Rejected(_l("You cannot take this order now."), fields={"assignee": said})
    ranking = dispatching.rank(job, [person], case.now, limits)
    case.move_order(order, OrderAct.GRAB, person_id=actor_id, pooled=True, eligible=True)
    _note_offer(case, order, ranking, last_round(surroundings.past))
    case.settle()
    case.write()
    return done.order(case, order)


_ASKED = Exclusion.OFFERED_THIS_ROUND
_WAITS = frozenset({OrderState.QUEUED.value, OrderState.OFFERED.value, OrderState.PLANNED.value})


def _order(order_id: int, actor: Actor, now: datetime, seen: int | None) -> tuple[Case, HeldOrder]:
    case, order = by_order(order_id, actor=actor, now=now)
    scope_words.require(actor, order, policies.DISPATCH)
    case.seen_order(order, seen)
    if case.ticket.status not in workflow.TICKET_MOVING:
        raise Conflict(_l("The order cannot move while its request is not in service."))
    return case, order


def _seen_in_pool(actor: Actor, order_id: int) -> Any:
    """State and holder of an order that was or is in the pool and could be the actor's, or that he sees anyhow."""
    row = db.session.execute(
        select(WorkOrder.state, WorkOrder.assignee_id).where(
            WorkOrder.id == order_id, queries.could_be_of(actor) | viewer.orders_seen(actor)
        )
    ).first()
    if row is None:
        raise NotFound
    return row


def _note_offer(case: Case, order: HeldOrder, ranking: Ranking, number: int) -> None:
    """Who takes from the pool counts as asked and as having accepted: figures and sight hang on offers."""
    db.session.execute(
        insert(Offer).values(
            institution_id=current_institution(),
            order_id=order.id,
            ticket_id=case.ticket.id,
            person_id=case.actor.id,
            round=number,
            offered_at=case.now,
            until=case.now,
            outcome="accepted",
            ended_at=case.now,
            reason=POOLED,
            why=ranking.as_data(),
        )
    )
