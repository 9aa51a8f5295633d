"""How far tickets are: the orders behind a page of tickets, a cheap mark of one ticket's state, the last place used.

The caller has found the tickets for its reader; who sees what of the orders is the page's to say.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, and_, any_, func, select

from app.accounts.models import Person
from app.attachments.models import Attachment
from app.core.db import db
from app.core.prepared import Reading, blind
from app.tickets.models import Ticket, TicketEvent, Trade, WorkOrder


def orders_of(ticket_ids: Collection[int]) -> dict[int, list[Any]]:
    """Orders by ticket id, oldest first, in one statement; tickets without any are absent."""
    found: dict[int, list[Any]] = {}
    if not ticket_ids:
        return found
    for row in _orders().rows({"tickets": list(set(ticket_ids))}):
        found.setdefault(row.ticket_id, []).append(row)
    return found


@cache
def _orders() -> Reading:
    return Reading(
        select(
            WorkOrder.id,
            WorkOrder.ticket_id,
            WorkOrder.number,
            WorkOrder.kind,
            WorkOrder.state,
            WorkOrder.cycle,
            WorkOrder.waiting,
            WorkOrder.hold_reason,
            WorkOrder.hold_until,
            WorkOrder.offered_until,
            WorkOrder.opened_at,
            WorkOrder.worked,
            WorkOrder.done_at,
            WorkOrder.version,
            WorkOrder.assignee_id,
            WorkOrder.rework_of_id,
            Person.name.label("assignee_name"),
            Trade.name.label("trade_name"),
        )
        .join(Trade, and_(Trade.institution_id == WorkOrder.institution_id, Trade.id == WorkOrder.trade_id))
        .outerjoin(Person, and_(Person.institution_id == WorkOrder.institution_id, Person.id == WorkOrder.assignee_id))
        .where(WorkOrder.ticket_id == any_(blind("tickets", ARRAY(BigInteger))))
        .order_by(WorkOrder.id)
    )


def mark(ticket_id: int, order_ids: Collection[int]) -> str:
    """What changes whenever a ticket's page would: its last event, and how many photos are ready or refused."""
    last = select(func.max(TicketEvent.id)).where(TicketEvent.ticket_id == ticket_id).scalar_subquery()
    settled = (
        select(func.count())
        .where(
            Attachment.state != "quarantine",
            (Attachment.owner_kind.in_(("ticket", "message")) & (Attachment.owner_id == ticket_id))
            | ((Attachment.owner_kind == "work_order") & Attachment.owner_id.in_(set(order_ids))),
        )
        .scalar_subquery()
    )
    row = db.session.execute(select(last, settled)).one()
    return f"{row[0] or 0}-{row[1]}"


def last_place(person_id: int) -> int | None:
    """The place of the last ticket somebody reported himself; None where he named none."""
    query = (
        select(Ticket.place_id)
        .where(Ticket.reporter_id == person_id, Ticket.on_behalf_by.is_(None))
        .order_by(Ticket.id.desc())
        .limit(1)
    )
    found: int | None = db.session.scalar(query)
    return found
