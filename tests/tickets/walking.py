"""Deliver what the outbox holds, as relay and worker would, inside a test's transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.outbox import OutboxDelivery, OutboxEvent, subscribers


def deliver(now: datetime | None = None, *, at_most: int = 200) -> list[str]:
    """Run every delivery of tickets that is due at `now`, also those that follow; returns the handlers in order."""
    moment = now or clock.now()
    table, ran = subscribers(), []
    with clock.frozen(moment):
        while len(ran) < at_most:
            row = db.session.execute(
                select(OutboxDelivery.id, OutboxDelivery.handler, OutboxEvent.kind, OutboxEvent.payload)
                .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
                .where(
                    OutboxDelivery.done_at.is_(None),
                    OutboxDelivery.next_at <= moment,
                    OutboxDelivery.handler.like("tickets.%"),
                )
                .order_by(OutboxDelivery.next_at, OutboxDelivery.id)
                .limit(1)
            ).first()
            if row is None:
                break
            subscription = table.by_name[row.handler]
            subscription.handler(table.load(row.kind, row.payload), Actor.system(1), moment)
            db.session.execute(
                update(OutboxDelivery)
                .where(OutboxDelivery.id == row.id)
                .values(done_at=moment)
                .execution_options(synchronize_session=False)
            )
            ran.append(row.handler)
    return ran
