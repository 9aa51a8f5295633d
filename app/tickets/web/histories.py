"""Where the audit log sends those who look for acts on requests and orders: they stand on the page of the request."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flask import url_for
from sqlalchemy import and_, select

from app.audit import labels
from app.core.db import db
from app.core.http import current_actor
from app.tickets import policies
from app.tickets.models import Ticket, WorkOrder
from app.tickets.queries import viewer


def of_tickets(ids: Collection[int]) -> Sequence[tuple[str, str | None]]:
    """Numbers of requests, each with the address of its page where the reader may open it."""
    rows = db.session.execute(
        select(Ticket.id, Ticket.number, viewer.tickets_seen(current_actor())).where(Ticket.id.in_(ids))
    )
    return [(number, _address(ticket_id, seen)) for ticket_id, number, seen in rows]


def of_orders(ids: Collection[int]) -> Sequence[tuple[str, str | None]]:
    """Numbers of orders, each with the address of its request's page."""
    of_ticket = and_(Ticket.institution_id == WorkOrder.institution_id, Ticket.id == WorkOrder.ticket_id)
    rows = db.session.execute(
        select(Ticket.id, WorkOrder.number, viewer.tickets_seen(current_actor()))
        .join(Ticket, of_ticket)
        .where(WorkOrder.id.in_(ids))
    )
    return [(number, _address(ticket_id, seen)) for ticket_id, number, seen in rows]


def _address(ticket_id: int, seen: bool) -> str | None:
    return url_for("tickets.show", ticket_id=ticket_id) if seen and policies.may_read(current_actor()) else None


labels.declare(histories={"ticket": of_tickets, "work_order": of_orders})
