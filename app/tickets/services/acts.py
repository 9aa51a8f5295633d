"""The acts of people on a ticket (tickets-rules 1), ratings and remarks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Conflict, NotAllowed, Rejected
from app.events.tickets.tickets import TicketNotFixed, TicketRated
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Rating, TicketEvent
from app.tickets.rules import joint, ratings
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import TicketAct, Who
from app.tickets.services import done, following, opening
from app.tickets.services.case import Case, by_ticket
from app.tickets.services.done import TicketDone


def accept(*, actor: Actor, now: datetime, ticket_id: int, seen: int | None, note: str | None = None) -> TicketDone:
    """A dispatcher takes a submitted ticket on; its first order is opened and queued."""
    return _act(TicketAct.ACCEPT, actor=actor, now=now, ticket_id=ticket_id, seen=seen, note=note)


def ask(*, actor: Actor, now: datetime, ticket_id: int, seen: int | None, note: str | None) -> TicketDone:
    """A dispatcher asks the reporter (`note` is the question); offers are revoked, orders wait."""
    return _act(TicketAct.ASK, actor=actor, now=now, ticket_id=ticket_id, seen=seen, note=note)


def answer(
    *, actor: Actor, now: datetime, ticket_id: int, seen: int | None, note: str | None, has_photo: bool = False
) -> TicketDone:
    """The reporter (or staff for him) answers, in words or by a photo that comes along (`has_photo`).

    The ticket goes back to where it was, its orders are queued again.
    """
    return _act(TicketAct.ANSWER, actor=actor, now=now, ticket_id=ticket_id, seen=seen, note=note, has_photo=has_photo)


def reject(
    *, actor: Actor, now: datetime, ticket_id: int, seen: int | None, reason: str | None, note: str | None = None
) -> TicketDone:
    """Not taken on; `reason` is a code of the closed list, `note` the words for the reporter."""
    return _act(TicketAct.REJECT, actor=actor, now=now, ticket_id=ticket_id, seen=seen, reason=reason, note=note)


def reconsider(
    *, actor: Actor, now: datetime, ticket_id: int, seen: int | None, reason: str | None, note: str | None = None
) -> TicketDone:
    """A rejection is taken back within 30 days; new orders where the old ones were cancelled."""
    return _act(TicketAct.RECONSIDER, actor=actor, now=now, ticket_id=ticket_id, seen=seen, reason=reason, note=note)


def withdraw(*, actor: Actor, now: datetime, ticket_id: int, seen: int | None, note: str | None = None) -> TicketDone:
    """The reporter no longer needs it, as long as nobody ever worked on it.

    Where others follow, the ticket lives on: the first of them becomes its reporter (N8).
    """
    return _act(TicketAct.WITHDRAW, actor=actor, now=now, ticket_id=ticket_id, seen=seen, note=note)


def confirm(*, actor: Actor, now: datetime, ticket_id: int, seen: int | None, note: str | None = None) -> TicketDone:
    """The reporter says it is fixed: closed, its orders verified and closed.

    Where a third party accepts the work his word is put on record, once a cycle, and closes nothing (N9).
    """
    return _act(TicketAct.CONFIRM, actor=actor, now=now, ticket_id=ticket_id, seen=seen, note=note)


def not_fixed(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    seen: int | None,
    note: str | None = None,
    order_id: int | None = None,
    has_photo: bool = False,
) -> TicketDone:
    """The repair did not hold: a new cycle with a rework order that waits for the supervisor.

    `order_id` names the order that failed, else the last one done. Raises Conflict 30 days after the last resolved.
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    case.judge_ticket(TicketAct.NOT_FIXED, seen)
    case.ticket_row(TicketAct.NOT_FIXED)
    take_up_again(case, note=note, order_id=order_id, has_photo=has_photo)
    case.settle()
    case.write()
    return done.ticket(case)


def take_up_again(
    case: Case,
    *,
    note: str | None = None,
    order_id: int | None = None,
    has_photo: bool = False,
    reported_again: str | None = None,
) -> None:
    """not_fixed on a locked ticket, to be written by the caller: a new cycle, the rework order planned.

    `reported_again`: the number of another request that says so in place of words; its reporter may be somebody else,
    so it is kept beside what everybody reads.
    """
    named = _named(case, order_id)
    failed = case.orders[named]
    data: dict[str, Any] = {"order_id": named}
    if reported_again is not None:
        data["number"] = reported_again
    case.move_ticket(
        TicketAct.NOT_FIXED,
        note=note,
        has_photo=has_photo,
        reported_again=reported_again is not None,
        named=named,
        data=data,
    )
    rework = opening.insert_order(
        case,
        trade_id=failed.trade_id,
        planned_minutes=failed.planned_minutes,
        kind="rework",
        rework_of_id=named,
        by_system=True,
    )
    ticket = case.ticket
    case.tell(TicketNotFixed(ticket.id, ticket.cycle, rework.id, ticket.not_fixed_count))


def _named(case: Case, order_id: int | None) -> int:
    """The order a not_fixed speaks of. Raises Rejected for one that was never done."""
    delivered = [order for order in case.orders.values() if order.state in joint.ORDER_DELIVERED]
    if order_id is not None:
        if all(order.id != order_id for order in delivered):
            raise Rejected(fields={"order_id": _l("This order was not finished, so it cannot have failed.")})
        return order_id
    # a ticket that is resolved or closed has one
    return max(delivered, key=lambda order: (order.done_at or case.ticket.filed_at, order.id)).id


def act(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    act: TicketAct,
    seen: int | None,
    reason: str | None = None,
    note: str | None = None,
) -> TicketDone:
    """Any act of `POST /tickets/{id}/transitions`."""
    return _act(act, actor=actor, now=now, ticket_id=ticket_id, seen=seen, reason=reason, note=note)


def _act(
    act: TicketAct,
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    seen: int | None,
    reason: str | None = None,
    note: str | None = None,
    has_photo: bool = False,
) -> TicketDone:
    case = by_ticket(ticket_id, actor=actor, now=now)
    case.judge_ticket(act, seen)
    if act is TicketAct.CONFIRM and policies.is_contact(actor, case.ticket) and actor.id != case.ticket.reporter_id:
        raise Conflict(_l("Its reporter has left, so it closes by itself 7 days after the repair."), code="no-reporter")
    if act is TicketAct.WITHDRAW and case.followers:
        case.demand(act, followers=0)
        following.hand_over(case)
        case.write()
        return done.ticket(case)
    if act is TicketAct.CONFIRM and case.ticket.third_party:
        return _agree(case, note)
    case.move_ticket(act, reason=reason, note=note, has_photo=has_photo)
    if joint.opens_orders(act, case.ticket.status, case.states.values()):
        opening.first_order(case)
    case.settle()
    case.write()
    return done.ticket(case)


@dataclass(frozen=True, slots=True)
class Rated:
    """The rating of a cycle as it now counts."""

    ticket_id: int
    cycle: int
    quality: int
    speed: int
    manner: int
    comment: str | None
    at: datetime


def _agree(case: Case, note: str | None) -> TicketDone:
    case.ticket_row(TicketAct.CONFIRM)
    if not agreed(case.ticket.id, case.ticket.cycle):
        case.remark(Remark.AGREED, note=note)
        case.write()
    return done.ticket(case)


def agreed(ticket_id: int, cycle: int) -> bool:
    """Whether the reporter has said in this cycle that it is fixed, where his word does not close (N9)."""
    said = select(TicketEvent.id).where(
        TicketEvent.ticket_id == ticket_id, TicketEvent.kind == Remark.AGREED.value, TicketEvent.cycle == cycle
    )
    return db.session.scalar(said.limit(1)) is not None


def rate(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    quality: int,
    speed: int,
    manner: int,
    comment: str | None = None,
    seen: int | None = None,
) -> Rated:
    """Rate the present cycle, or change the rating; from resolved until 30 days after closing (N10)."""
    case = by_ticket(ticket_id, actor=actor, now=now)
    ticket = case.ticket
    if ticket.reporter_id != actor.id or Who.REPORTER not in policies.parts_of_ticket(actor, ticket):
        raise NotAllowed(_l(ratings.RATING_MESSAGES[ratings.RatingRefusal.NOT_REPORTER]))
    case.seen_ticket(seen)
    wrong = ratings.wrong_scores({"quality": quality, "speed": speed, "manner": manner})
    if wrong:
        raise Rejected(fields=dict.fromkeys(wrong, _l("Choose one to five stars.")))
    refused = ratings.rating_refused(
        is_reporter=True,
        has_account=actor.id is not None,
        status=ticket.status,
        closed_at=ticket.closed_at,
        now=case.now,
    )
    if refused is not None:
        raise Conflict(_l(ratings.RATING_MESSAGES[refused]), code=refused.value.replace("_", "-"))
    scores: dict[str, Any] = {"quality": quality, "speed": speed, "manner": manner, "comment": comment or None}
    statement = insert(Rating).values(
        institution_id=current_institution(),
        ticket_id=ticket.id,
        person_id=actor.id,
        cycle=ticket.cycle,
        at=case.now,
        **scores,
    )
    db.session.execute(statement.on_conflict_do_update(constraint="uq_ticket_rating", set_={**scores, "at": case.now}))
    case.remark(Remark.RATING, note=comment, data={"quality": quality, "speed": speed, "manner": manner})
    case.tell(TicketRated(ticket.id, ticket.cycle, actor.id or 0))
    case.write()
    return Rated(ticket.id, ticket.cycle, quality, speed, manner, comment or None, case.now)


def note(*, actor: Actor, now: datetime, ticket_id: int, text: str) -> None:
    """A note staff leaves for staff, whatever has become of the ticket. Raises NotFound, NotAllowed, Rejected."""
    case = by_ticket(ticket_id, actor=actor, now=now)
    scope_words.require(actor, case.ticket, *policies.READ)
    if not text.strip():
        raise Rejected(fields={"text": _l("Write the note.")})
    case.remark(Remark.NOTE, note=text)
    case.write()


def photo_remark(case: Case, attachment_id: int, *, order_id: int | None, moment: str) -> None:
    """The remark that a photo was received (by `attachments.receive`) for a locked ticket or one of its orders."""
    case.remark(Remark.PHOTO, order_id=order_id, data={"attachment_id": str(attachment_id), "moment": moment})
