"""What a technician's calendar shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.accounts import queries as people
from app.core.actor import Actor
from app.core.db import current_institution, db
from app.tickets import policies
from app.tickets.models import CalendarFeed, Ticket, WorkOrder
from app.tickets.queries import orders
from app.tickets.rules.workflow import ORDER_HELD

AT_MOST = 300


def owner(secret: str, now: datetime) -> Actor | None:
    """Whose address this is; None for an unknown or revoked one, and for whoever is no longer a technician."""
    person_id = db.session.scalar(
        select(CalendarFeed.person_id).where(
            CalendarFeed.token_hash == people.token_digest(secret), CalendarFeed.revoked_at.is_(None)
        )
    )
    found = None if person_id is None else people.actor_of(person_id, current_institution(), now)
    return found if found is not None and policies.may_work(found) else None


def made_at(person_id: int) -> datetime | None:
    """Since when somebody has a live address."""
    return db.session.scalar(
        select(CalendarFeed.made_at).where(CalendarFeed.person_id == person_id, CalendarFeed.revoked_at.is_(None))
    )


def held(person_id: int) -> Sequence[Any]:
    """The orders somebody holds, by number. One statement."""
    return db.session.execute(
        orders.order_rows()
        .add_columns(Ticket.filed_at, Ticket.visit_from, Ticket.visit_to, WorkOrder.planned_minutes.label("minutes"))
        .where(WorkOrder.assignee_id == person_id, WorkOrder.state.in_(sorted(ORDER_HELD)))
        .order_by(WorkOrder.id)
        .limit(AT_MOST)
    ).all()
