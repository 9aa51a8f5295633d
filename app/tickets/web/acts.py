"""Which acts the page of a ticket offers its reader now."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.actor import Actor
from app.tickets import policies
from app.tickets.rules import guards, joint, workflow
from app.tickets.rules.guards import Facts
from app.tickets.rules.workflow import OrderState, TicketAct, TicketStatus, Who


def available(actor: Actor, ticket: Any, orders: Sequence[Any], now: datetime) -> frozenset[TicketAct]:
    """The acts the actor can do now: the tables' rows for his parts whose demands on the world are met."""
    parts = policies.parts_of_ticket(actor, ticket)
    states = [OrderState(each.state) for each in orders]
    status = TicketStatus(ticket.status)
    facts = Facts(
        now=now,
        actor_id=actor.id,
        untouched=not any(each.worked for each in orders),
        original_open=True,  # judged when the original has been chosen
        stranded=joint.stranded(status, states),
        none_beyond_offered=joint.none_beyond_offered(states),
        ticket_status=status,
        third_party=ticket.third_party,
    )
    rows = workflow.ticket_acts(status, parts)
    return frozenset(row.act for row in rows if _possible(row, parts, facts, ticket, actor.id))


def _possible(row: workflow.TicketRow, parts: frozenset[Who], facts: Facts, ticket: Any, actor_id: int | None) -> bool:
    """Whether whatever stands in the way of an act can be mended in its form."""
    who = policies.acting_as(parts, row.who)
    if row.act is TicketAct.CONFIRM and ticket.reporter_id != actor_id:  # N5: the contact leaves it to the default
        return False
    if who is None or (row.act is TicketAct.ASK and ticket.reporter_id is None):  # nobody could answer (N6)
        return False
    since = ticket.rejected_at if row.act is TicketAct.RECONSIDER else ticket.resolved_at
    refusals = guards.check(row, who, dataclasses.replace(facts, since=since))
    return all(refusal.field is not None for refusal in refusals)
