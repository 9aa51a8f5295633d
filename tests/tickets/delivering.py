"""Deliver all that is due, of every area, as the workers would; and what somebody was told by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.core import clock, deliveries
from app.core.db import db
from app.core.outbox import OutboxDelivery
from app.notifications.models import Notification, NotificationDelivery


def deliver_all(now: datetime) -> None:
    """Run every delivery that is due at `now`, also those that follow."""
    with clock.frozen(now):
        for _ in range(50):
            db.session.commit()
            due = db.session.scalars(
                select(OutboxDelivery.id)
                .where(OutboxDelivery.done_at.is_(None), OutboxDelivery.next_at <= now)
                .order_by(OutboxDelivery.next_at, OutboxDelivery.id)
            ).all()
            if not due:
                return
            for delivery_id in due:
                deliveries.deliver(1, delivery_id)
    raise AssertionError("it never comes to rest")


def told(person: Any, kind: str) -> int:
    """How many lines of a kind somebody got."""
    lines = select(Notification.id).where(Notification.person_id == person.id, Notification.kind == kind)
    return len(db.session.scalars(lines).all())


def unread(person: Any, kind: str) -> int:
    """How many of them still ask for something."""
    lines = select(Notification.id).where(
        Notification.person_id == person.id, Notification.kind == kind, Notification.read_at.is_(None)
    )
    return len(db.session.scalars(lines).all())


def mailed(person: Any, kind: str) -> int:
    """How many mails of a kind went out to somebody."""
    sent = (
        select(NotificationDelivery.id)
        .join(Notification, Notification.id == NotificationDelivery.notification_id)
        .where(Notification.person_id == person.id, Notification.kind == kind, NotificationDelivery.state == "kept")
    )
    return len(db.session.scalars(sent).all())
