"""Walking an order through its states by the service, and reading ticket and order back as they are stored."""

from __future__ import annotations

from sqlalchemy import select

from app.accounts.models import Person
from app.core import clock
from app.tickets.models import Ticket, WorkOrder
from app.tickets.queries import timeline
from app.tickets.services import orders
from app.tickets.services.done import OrderDone
from app.tickets.services.filing import Filed
from tests.factories import accounts, tickets
from tests.tickets.walking import deliver


def order_of(filed: Filed) -> WorkOrder:
    from app.core.db import db

    return db.session.scalars(
        select(WorkOrder).where(WorkOrder.ticket_id == filed.id).order_by(WorkOrder.id.desc())
    ).first()


def ticket_of(filed: Filed) -> Ticket:
    from app.core.db import db

    return db.session.get_one(Ticket, (1, filed.id), populate_existing=True)


def move(person: Person, order_id: int, to: str, **more: object) -> OrderDone:
    return orders.transition(
        actor=accounts.actor(person), now=clock.now(), order_id=order_id, to=to, seen=None, **more
    )  # fmt: skip


def agrees(filed: Filed) -> None:
    """State columns equal the fold of the events."""
    from app.core.db import db

    story, ticket = timeline.folded(filed.id), ticket_of(filed)
    assert (ticket.status, ticket.cycle) == (story.status, story.cycle)
    assert (ticket.resolved_at, ticket.closed_at, ticket.rejected_at) == (
        story.resolved_at, story.closed_at, story.rejected_at,
    )  # fmt: skip
    if story.before is not None:
        assert (ticket.asked_from if ticket.status == "needs_info" else ticket.state_before) == story.before
    for order in db.session.scalars(
        select(WorkOrder).where(WorkOrder.ticket_id == filed.id).execution_options(populate_existing=True)
    ):
        told = story.orders[order.id]
        assert (order.state, order.worked) == (told.state, told.worked)
        assert order.assignee_id == (told.offered_to or told.holder_id), order.state


def to_resolved(ground: tickets.Ground, technician: Person, filed: Filed) -> int:
    deliver()
    order_id = order_of(filed).id
    for step in ("accepted", "working"):
        move(technician, order_id, step)
    move(technician, order_id, "done", note="换了垫圈")
    return order_id
