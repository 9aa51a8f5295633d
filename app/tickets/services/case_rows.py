"""The rows a case leaves: what changed of its ticket and orders, its events in order, the offer an act ended.

A changed row is compared and set: state and version are those the case was read with, or nothing is written.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update

from app.core.actor import Actor
from app.core.db import current_institution, db
from app.tickets.models import Offer, Ticket, TicketEvent, WorkOrder
from app.tickets.rules.audiences import audience_of
from app.tickets.rules.workflow import OrderState, TicketStatus
from app.tickets.services.held import HeldOrder, HeldTicket

_UNVERSIONED = frozenset(
    {
        "waiting",
        "lead_called_at",
        "help_asked_at",
        "dispatcher_id",
        "reminders",
        "urged",
        "urged_at",
        "promised_at",
        "due_at",
        "due_clock",
    }
)


def event(ticket: HeldTicket, actor: Actor, kind: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    """An event of a ticket; `columns` are its instants and what else is known of it."""
    return {
        "institution_id": current_institution(),
        "ticket_id": ticket.id,
        "order_id": None,
        "device_at": None,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "kind": str(kind),
        "from_state": None,
        "to_state": None,
        "person_id": None,
        "reason": None,
        "audience": audience_of(kind, of_order=columns.get("order_id") is not None).value,
        "cycle": ticket.cycle,
        **columns,
    }


def write_events(rows: list[dict[str, Any]]) -> list[int]:
    """Their ids, in their order."""
    if not rows:
        return []
    return list(db.session.scalars(insert(TicketEvent).returning(TicketEvent.id, sort_by_parameter_order=True), rows))


def write_ticket(ticket: HeldTicket, before: HeldTicket) -> bool:
    """Whether it still was as `before`; a changed one has its new version then."""
    changed = _changes(ticket, before)
    if set(changed) - _UNVERSIONED:
        changed["version"] = ticket.version = before.version + 1
    return _compare_and_set(Ticket, Ticket.status == before.status.value, before, changed)


def write_order(order: HeldOrder, before: HeldOrder) -> bool:
    """The same for an order."""
    changed = _changes(order, before)
    if set(changed) - _UNVERSIONED - {"priority"}:  # it repeats the ticket's
        changed["version"] = order.version = before.version + 1
    return _compare_and_set(WorkOrder, WorkOrder.state == before.state.value, before, changed)


def end_offer(order_id: int, outcome: str, reason: str | None, now: datetime) -> Any:
    """Close the live offer of an order; returns its id and who made it."""
    return db.session.execute(
        update(Offer)
        .where(Offer.order_id == order_id, Offer.outcome.is_(None))
        .values(outcome=outcome, ended_at=now, reason=reason)
        .returning(Offer.id, Offer.made_by)
        .execution_options(synchronize_session=False)
    ).first()


def _changes(now: HeldTicket | HeldOrder, before: HeldTicket | HeldOrder) -> dict[str, Any]:
    """The columns that differ, as the database stores them."""
    found: dict[str, Any] = {}
    for each in dataclasses.fields(now):
        value = getattr(now, each.name)
        if value != getattr(before, each.name):
            found[each.name] = value.value if isinstance(value, TicketStatus | OrderState) else value
    return found


def _compare_and_set(
    table: type[Ticket] | type[WorkOrder], same_state: Any, before: HeldTicket | HeldOrder, changed: dict[str, Any]
) -> bool:
    if not changed:
        return True
    written = db.session.execute(
        update(table)
        .where(table.id == before.id, same_state, table.version == before.version)
        .values(**changed)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    ).first()
    return written is not None
