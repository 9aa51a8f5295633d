"""Priorities: the matrix of an institution, another priority for a reason (tickets-rules 17, 26, 27)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import settings
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, Rejected
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Category, Ticket, TicketEvent
from app.tickets.rules.history import Remark
from app.tickets.rules.priority import (
    IMPACT_LABELS,
    MATRIX,
    ROWS,
    URGENCIES,
    URGENCY_LABELS,
    Matrix,
    counted_urgency,
    priority_of,
)
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.rules.workflow import ORDER_OPEN, TICKET_OPEN
from app.tickets.services import clocks, done
from app.tickets.services.case import Case, by_ticket
from app.tickets.services.done import TicketDone

BY_STEP = "escalation"


def setting(impact: str, urgency: str) -> str:
    """The name of the setting that holds one cell of the matrix."""
    return f"priority.{impact}_{urgency}"


for _impact in ROWS:
    for _urgency, _usual in zip(URGENCIES, MATRIX[_impact], strict=True):
        settings.declare(
            setting(_impact, _urgency),
            _usual,
            kind=str,
            choices=URGENCIES,
            page="sla.priorities",
            words=_l(
                "%(impact)s, urgency said: %(urgency)s",
                impact=_l(IMPACT_LABELS[_impact]),
                urgency=_l(URGENCY_LABELS[_urgency]),
            ),
        )


def matrix() -> Matrix:
    """The institution's matrix."""
    return {impact: tuple(settings.get(setting(impact, urgency)) for urgency in URGENCIES) for impact in ROWS}


def starting(impact: str, urgency: str, *, emergency_category: bool, by_staff: bool = False) -> str:
    """The priority of a new ticket: its category's impact and the urgency that counts (26, 27)."""
    counted = counted_urgency(urgency, emergency_category=emergency_category, by_staff=by_staff)
    return priority_of(impact, counted, matrix())


def usual(ticket: Any) -> str:
    """What the matrix makes of the urgency and the reach a ticket has now (26, 27)."""
    emergency = db.session.scalar(select(Category.emergency).where(Category.id == ticket.category_id))
    by_staff = standing(ticket.id).by_staff
    return starting(ticket.impact, ticket.urgency, emergency_category=bool(emergency), by_staff=by_staff)


def override(
    *, actor: Actor, now: datetime, ticket_id: int, priority: str, reason: str, seen: int | None = None
) -> TicketDone:
    """Staff sets another priority and says why; clocks count on under what it promises (17).

    Raises NotFound, NotAllowed, Stale, Conflict (no longer open), Rejected (fields `priority`, `reason`).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    scope_words.require(actor, case.ticket, policies.TRIAGE)
    case.seen_ticket(seen)
    if case.ticket.status not in TICKET_OPEN:
        raise Conflict(_l("The request is no longer open."))
    wrong = {}
    if priority not in URGENCIES:
        wrong["priority"] = _l("Choose one of the offered values.")
    elif priority == case.ticket.priority:
        wrong["priority"] = _l("The request has this priority already.")
    if not reason.strip() or len(reason) > REASON_LIMIT:
        wrong["reason"] = _l("Say why, in at most %(limit)s characters.", limit=REASON_LIMIT)
    if wrong:
        raise Rejected(fields=wrong)
    change(case, priority, reason=reason.strip())
    case.write()
    return done.ticket(case)


def change(case: Case, priority: str, *, reason: str, by_system: bool = False) -> None:
    """Set the priority of a locked ticket and of its open orders; the event says what clocks count by from now on."""
    before = case.ticket.priority
    case.ticket.priority = priority
    for order in case.orders.values():
        if order.state in ORDER_OPEN:
            order.priority = priority
    case.remark(
        Remark.RECLASSIFY,
        by_system=by_system,
        reason=reason,
        data={"priority": [before, priority], "sla": clocks.terms_told(case, priority)},
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """How a ticket came by its priority.

    `by_staff`: staff said how urgent it is (27). `overridden`: a person set the priority by itself; `raised`: a step
    did (20).
    """

    by_staff: bool
    overridden: bool
    raised: bool


_JUDGED = frozenset({"category", "place", "urgency", "impact"})


def standing(ticket_id: int) -> Standing:
    """What the history of a ticket says of its urgency and its priority."""
    told = db.session.execute(
        select(TicketEvent.reason, TicketEvent.data)
        .where(TicketEvent.ticket_id == ticket_id, TicketEvent.kind == Remark.RECLASSIFY.value)
        .order_by(TicketEvent.id)
    )
    changes = [(row.reason, frozenset(row.data or ())) for row in told]
    on_behalf = db.session.scalar(select(Ticket.on_behalf_by).where(Ticket.id == ticket_id)) is not None
    reason, last = next((each for each in reversed(changes) if "priority" in each[1]), (None, _JUDGED))
    by_itself = not last & _JUDGED
    return Standing(
        by_staff=on_behalf or any("urgency" in named for _reason, named in changes),
        overridden=by_itself and reason != BY_STEP,
        raised=by_itself and reason == BY_STEP,
    )


def raised_before(case: Case) -> bool:
    """Whether a step has raised the ticket already, just now among several that came due or before: once (20)."""
    if BY_STEP in [event["reason"] for event in case.news]:
        return True
    query = select(TicketEvent.id).where(
        TicketEvent.ticket_id == case.ticket.id,
        TicketEvent.kind == Remark.RECLASSIFY.value,
        TicketEvent.reason == BY_STEP,
        TicketEvent.actor_kind == "system",
    )
    return db.session.scalar(query.limit(1)) is not None
