"""What a line of a list says of its due time: by which calendar its minutes count, and in which zone it is told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.core.prepared import number
from app.sites.models import Place
from app.tickets.models import Clock, Ticket, WorkOrder


def columns(of: type[Ticket] | type[WorkOrder]) -> tuple[Any, Any]:
    """`due_calendar`, the calendar version of the clock behind `due_at` and `due_clock`, and `zone`, the campus's own.

    Both NULL where there is none. Each looks one row up by an index; for pages, not for what is counted.
    """
    ticket_id = of.id if of is Ticket else WorkOrder.ticket_id
    behind = (
        select(Clock.calendar_version_id)
        .where(
            Clock.institution_id == of.institution_id,
            Clock.ticket_id == ticket_id,
            Clock.kind == of.due_clock,
            Clock.due_at == of.due_at,
        )
        .order_by(Clock.id.desc())
        .limit(number(1))
        .correlate(of)
        .scalar_subquery()
    )
    return behind.label("due_calendar"), zone(of)


def zone(of: type[Ticket] | type[WorkOrder]) -> Any:
    """The zone of the campus, NULL where it is the institution's."""
    campus = aliased(Place)
    return (
        select(campus.zone_name)
        .where(campus.institution_id == of.institution_id, campus.id == of.campus_id)
        .correlate(of)
        .scalar_subquery()
        .label("zone")
    )
