"""What the framework itself leaves behind is deleted in small steps: delivered events, idempotency keys past their day.

Business history is never touched. An event published under a key keeps its row for KEYED_FOR, since the key says that
it happened; periodic ones are named by their period, so theirs is over with it. Each condition has an index of its own
that begins with what is to be deleted (the texts of the indexes, so that the planner knows them again).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, text

from app.core.db import db
from app.core.http.idempotency import KEEP, IdempotencyKey
from app.core.outbox import SPENT, OutboxDelivery, OutboxEvent

DELIVERED_FOR = timedelta(days=30)
KEYED_FOR = timedelta(days=400)
BATCH = 2000


def batches(now: datetime) -> Iterator[int]:
    """Delete one batch per step; the caller commits between them. Yields how many rows each took."""
    for table, condition in _leftovers(now):
        while True:
            ids = select(table.id).where(condition).limit(BATCH).scalar_subquery()
            gone = db.session.execute(delete(table).where(table.id.in_(ids)).returning(table.id)).all()
            yield len(gone)
            if len(gone) < BATCH:
                break


def _leftovers(now: datetime) -> tuple[tuple[Any, ColumnElement[bool]], ...]:
    undelivered = (
        select(OutboxDelivery.id)
        .where(OutboxDelivery.institution_id == OutboxEvent.institution_id, OutboxDelivery.event_id == OutboxEvent.id)
        .exists()
    )
    delivered = ~undelivered
    return (
        (IdempotencyKey, IdempotencyKey.at < now - KEEP),
        (OutboxDelivery, OutboxDelivery.done_at < now - DELIVERED_FOR),
        (OutboxEvent, and_(text(f"({SPENT})"), OutboxEvent.at < now - DELIVERED_FOR, delivered)),
        (OutboxEvent, and_(text(f"NOT ({SPENT})"), OutboxEvent.at < now - KEYED_FOR, delivered)),
    )
