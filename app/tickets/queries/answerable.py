"""Who answers for an order now, by name, for its page and the API (tickets-rules N1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select

from app.accounts.models import Person
from app.core.db import db
from app.tickets.queries import crews
from app.tickets.rules.workflow import ORDER_OPEN


class Answerable(NamedTuple):
    """One who answers for the order."""

    id: int
    name: str


def people(order: Any, now: datetime) -> Sequence[Answerable]:
    """Id and name of whoever is responsible for an open order (N1), at most twenty; nobody for one that is over."""
    if order.state not in ORDER_OPEN:
        return ()
    found = crews.responsible(
        assignee_id=order.assignee_id,
        dispatcher_id=order.dispatcher_id,
        campus_id=order.campus_id,
        building_id=order.building_id,
        trade_id=order.trade_id,
        now=now,
    )
    if found == (order.assignee_id,):
        return (Answerable(order.assignee_id, order.assignee_name),)
    named = db.session.execute(select(Person.id, Person.name).where(Person.id.in_(found)).order_by(Person.id))
    return [Answerable(*row) for row in named]
