"""Who gets an order: automatic offers, manual assignment, the ranking as a dry run (tickets-rules 5, N2).

An offer locks the ticket, then the dispatch row of the person, or of everybody who might be chosen in the order of
their ids, and counts loads under those locks, so that two dispatchers on two nodes never offer beyond the cap and never
wait for each other in a ring. What was known is stored with the offer and shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import DateTime, bindparam, select, text
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import JSONB

from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Conflict, Rejected
from app.core.i18n import iso
from app.events.tickets.dispatch import OfferExpired, OfferMade
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Offer, WorkOrder
from app.tickets.queries import candidates
from app.tickets.queries.candidates import Surroundings
from app.tickets.rules import dispatching, offers, workflow
from app.tickets.rules.dispatching import (
    EMERGENCY,
    EXCLUSION_LABELS,
    PRIORITY_ORDER,
    Exclusion,
    Job,
    Ranking,
    Technician,
)
from app.tickets.rules.offers import PastOffer, Wake
from app.tickets.rules.workflow import OrderAct, OrderState
from app.tickets.services import dispatch_settings, done, duty_calls
from app.tickets.services.case import Case, by_order
from app.tickets.services.done import OrderDone
from app.tickets.services.held import HeldOrder


@dataclass(frozen=True, slots=True)
class Assigned:
    """An order after an assignment and the ranking behind it (`Ranking.as_data()`)."""

    order: OrderDone
    why: dict[str, Any]


def dispatch_order(*, actor: Actor, now: datetime, order_id: int, wake: Wake | None = None) -> OrderDone | None:
    """Offer a queued order to the best candidate; None where it is not queued (any more).

    For handlers and jobs: safe to repeat. Where nobody can take it, it stays queued and says why in `waiting`. What
    lies in the pool is offered to nobody.
    """
    case, order = by_order(order_id, actor=actor, now=now)
    if not _waits(case, order):
        return None
    _offer_best(case, order, wake)
    case.write()
    return done.order(case, order)


def try_again(*, actor: Actor, now: datetime, order_id: int) -> OrderDone | None:
    """The clock tries a waiting order: whoever can take it by now is asked (39).

    Who has been asked is asked again only where since then a shift began or an absence ended.
    """
    case, order = by_order(order_id, actor=actor, now=now)
    if not _waits(case, order):
        return None
    _offer_best(case, order, None, by_clock=True)
    case.write()
    return done.order(case, order)


def _waits(case: Case, order: HeldOrder) -> bool:
    waits = order.state is OrderState.QUEUED and not order.pooled
    return waits and case.ticket.status in workflow.TICKET_MOVING


def assign_automatically(*, actor: Actor, now: datetime, order_id: int, seen: int | None) -> Assigned:
    """A dispatcher runs the ranking: `{auto: true}`. Raises Conflict where the order is not queued."""
    case, order = by_order(order_id, actor=actor, now=now)
    _permit(case, order, seen)
    if order.state is OrderState.PLANNED:
        case.move_order(order, OrderAct.QUEUE)
    if order.state is not OrderState.QUEUED:
        raise Conflict(_l("Only an order that waits for somebody can be dispatched by the ranking."))
    order.pooled = False
    ranking = _offer_best(case, order, Wake.ASKED)
    case.write()
    return Assigned(done.order(case, order), ranking.as_data())


def assign(
    *,
    actor: Actor,
    now: datetime,
    order_id: int,
    assignee_id: int,
    seen: int | None,
    reason: str | None = None,
    note: str | None = None,
) -> Assigned:
    """A dispatcher gives an order to a person, who still accepts; from accepted on it is the reassignment.

    Raises Stale, Conflict, NotAllowed; Rejected with `assignee` (never possible) or `reason` (an override of shift or
    cap, and every reassignment, demand one).
    """
    case, order = by_order(order_id, actor=actor, now=now)
    _permit(case, order, seen)
    if order.state is OrderState.PLANNED:
        case.move_order(order, OrderAct.QUEUE)
    act = OrderAct.REASSIGN if order.state in workflow.ORDER_HELD else OrderAct.OFFER
    case.as_whom(order, act)
    if order.assignee_id == assignee_id:
        raise Rejected(fields={"assignee": _l("This person has the order already. Choose somebody else.")})
    job, context = looked_at(case, order)
    person = locked_person(assignee_id, context, now)
    if person is None:
        raise Rejected(fields={"assignee": _l("This person cannot be given the order.")})
    limits = dispatch_settings.present()
    check = dispatching.check_manual(job, person, case.now, limits)
    _refuse(check, reason)
    others = [one for one in _crew(context, case.now) if one.person_id != assignee_id]
    ranking = dispatching.rank(job, [*others, person], case.now, limits)
    until = limits.offered_until(job, case.now)
    order.pooled = False
    case.move_order(order, act, reason=reason, note=note, person_id=assignee_id, offered_until=until, eligible=True)
    override = reason if check.with_reason else None
    _insert_offer(
        case, order, assignee_id, until, ranking, last_round(context.past), made_by=actor.id, override=override
    )
    case.settle()
    case.write()
    return Assigned(done.order(case, order), ranking.as_data())


def preview(*, actor: Actor, now: datetime, order_id: int) -> Ranking:
    """The ranking as it would be now, without writing anything (43). Raises NotAllowed, NotFound."""
    case, order = by_order(order_id, actor=actor, now=now, lock=False)
    scope_words.require(actor, order, policies.DISPATCH)
    job, context = looked_at(case, order)
    asked = frozenset(one.person_id for one in context.past if one.round == last_round(context.past) and one.asked)
    crew = _crew(context, case.now)
    return dispatching.rank(replace(job, offered=asked), crew, case.now, dispatch_settings.present())


def expire_offer(*, actor: Actor, now: datetime, order_id: int, offer_id: int) -> None:
    """The timer of an offer: back to queued unless it was answered (a late timer loses)."""
    case, order = by_order(order_id, actor=actor, now=now)
    live = db.session.scalar(select(Offer.id).where(Offer.order_id == order_id, Offer.outcome.is_(None)))
    if order.state is not OrderState.OFFERED or live != offer_id or order.offered_until is None:
        return
    # the timer has fired by the database's clock; this node's may be a little behind
    case.now = max(case.now, order.offered_until)
    case.move_order(order, OrderAct.EXPIRE, by_system=True)
    case.write()


def who_could(*, actor: Actor, now: datetime, order_id: int) -> list[int]:
    """Everybody who could take the order now, best first, those asked before after them: for the pool."""
    found = preview(actor=actor, now=now, order_id=order_id)
    asked = [one.person_id for one in found.excluded if one.reason is Exclusion.OFFERED_THIS_ROUND]
    return [one.person_id for one in found.candidates] + asked


def waiting_orders(*, trade_id: int | None = None, found_nobody: bool = False) -> list[tuple[int, int]]:
    """(order, ticket) of the queued orders that are tried again by themselves, in order of serving (40).

    `found_nobody`: only those that were tried and found nobody.
    """
    rank = sql_case(
        {name: place for place, name in enumerate(PRIORITY_ORDER)}, value=WorkOrder.priority, else_=len(PRIORITY_ORDER)
    )
    query = (
        select(WorkOrder.id, WorkOrder.ticket_id)
        .where(
            WorkOrder.state == OrderState.QUEUED.value,
            WorkOrder.pooled.is_(False),
            WorkOrder.waiting.is_distinct_from(offers.Waiting.DISPATCHER.value),
        )
        .order_by(rank, WorkOrder.due_at.asc().nulls_last(), WorkOrder.id)
    )
    if trade_id is not None:
        query = query.where(WorkOrder.trade_id == trade_id)
    if found_nobody:
        query = query.where(WorkOrder.waiting == offers.Waiting.NOBODY_ELIGIBLE.value)
    return [(row.id, row.ticket_id) for row in db.session.execute(query)]


def _permit(case: Case, order: HeldOrder, seen: int | None) -> None:
    scope_words.require(case.actor, order, policies.DISPATCH)
    case.seen_order(order, seen)


def looked_at(case: Case, order: HeldOrder) -> tuple[Job, Surroundings]:
    """The order as the ranking sees it."""
    did_before: frozenset[int] = frozenset()
    if order.rework_of_id is not None and order.rework_of_id in case.orders:
        did = case.orders[order.rework_of_id].assignee_id
        did_before = frozenset() if did is None else frozenset({did})
    return candidates.job(case.ticket, order, did_before)


def _crew(context: Surroundings, now: datetime) -> list[Technician]:
    return candidates.technicians(trade_id=context.trade_id, now=now, zone=context.zone)


def last_round(past: tuple[PastOffer, ...]) -> int:
    """The number of the present round."""
    return max((one.round for one in past), default=1)


def _woken(order: HeldOrder, people: list[Technician], now: datetime) -> Wake | None:
    """What has happened since somebody was last asked that begins a new round (39)."""
    since = candidates.last_asked(order.id)
    if offers.came_on_duty(people, since, now, on_call=order.priority == EMERGENCY):
        return Wake.SHIFT_BEGAN
    back = candidates.absence_ended([person.person_id for person in people], since, now)
    return Wake.ABSENCE_ENDED if back else None


def _offer_best(case: Case, order: HeldOrder, wake: Wake | None, *, by_clock: bool = False) -> Ranking:
    """Offer to the best candidate: all who might be chosen are locked, then read, so that nobody's load changes."""
    job, context = looked_at(case, order)
    locked = candidates.lock_crew(trade_id=order.trade_id, now=case.now)
    people = candidates.some(locked, now=case.now, zone=context.zone)
    if by_clock and context.past:
        wake = _woken(order, people, case.now)
    # asked only where it matters: the lead is called for refusals, not for the first offer
    within = not offers.refusals(context.past) or duty_calls.within_hours(case, order)
    decision = offers.decide(
        job, people, case.now, dispatch_settings.present(), past=context.past, wake=wake, within_hours=within
    )
    if decision.call_duty_lead is not None and order.lead_called_at is None:
        duty_calls.call(case, order, decision.call_duty_lead, offers.refusals(context.past))
    if decision.person_id is None or decision.offered_until is None:
        order.waiting = decision.waiting.value if decision.waiting else None
        return decision.ranking
    case.move_order(
        order,
        OrderAct.OFFER,
        by_system=case.actor.kind == "system",
        person_id=decision.person_id,
        offered_until=decision.offered_until,
        eligible=True,
    )
    _insert_offer(case, order, decision.person_id, decision.offered_until, decision.ranking, decision.round)
    return decision.ranking


def locked_person(person_id: int, context: Surroundings, now: datetime) -> Technician | None:
    """Lock the person's dispatch row and read him again, as he is under the lock."""
    locked = candidates.lock([person_id])
    found = candidates.some(locked, now=now, zone=context.zone)
    return found[0] if found else None


_OFFER = text(
    """
    WITH asked AS (UPDATE technician_profile SET last_offer_at = :at WHERE person_id = :person)
    INSERT INTO offer
        (institution_id, order_id, ticket_id, person_id, round, offered_at, until, made_by, override, why)
    VALUES (:institution, :order, :ticket, :person, :round, :at, :until, :made_by, :override, :why)
    RETURNING id
    """
).bindparams(
    bindparam("why", type_=JSONB), *(bindparam(name, type_=DateTime(timezone=True)) for name in ("at", "until"))
)


def _insert_offer(
    case: Case,
    order: HeldOrder,
    person_id: int,
    until: datetime,
    ranking: Ranking,
    number: int,
    *,
    made_by: int | None = None,
    override: str | None = None,
) -> None:
    offer_id = db.session.scalars(
        _OFFER,
        {
            "institution": current_institution(),
            "order": order.id,
            "ticket": case.ticket.id,
            "person": person_id,
            "round": number,
            "at": case.now,
            "until": until,
            "made_by": made_by,
            "override": override,
            "why": ranking.as_data(),
        },
    ).one()
    ticket_id = case.ticket.id
    case.tell(OfferMade(order.id, ticket_id, offer_id, person_id, iso(until) or "", made_by))
    case.tell(OfferExpired(order.id, offer_id), key=f"offer:{offer_id}", due=until)


def _refuse(check: dispatching.ManualCheck, reason: str | None) -> None:
    """Raise what stands against a manual assignment, each in words."""
    if check.never:
        raise Rejected(fields={"assignee": [_l(EXCLUSION_LABELS[one]) for one in check.never]})
    if check.with_reason and not (reason and reason.strip()):
        said = [_l(EXCLUSION_LABELS[one]) for one in check.with_reason]
        raise Rejected(
            _l("This overrides the shift or the limit of orders. Say why."),
            fields={"reason": [_l("Choose or write a reason."), *said]},
        )


__all__ = [
    "Assigned",
    "Exclusion",
    "assign",
    "assign_automatically",
    "dispatch_order",
    "expire_offer",
    "last_round",
    "locked_person",
    "looked_at",
    "preview",
    "try_again",
    "waiting_orders",
    "who_could",
]
