"""The runner: one delivery, its effect and `done_at` in one transaction, or step by step under a lease."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import case, func, select, update
from sqlalchemy.sql.expression import ColumnElement

from app.core import clock, logs
from app.core.actor import Actor
from app.core.db import db, institution_bound
from app.core.outbox import BACKOFF_SECONDS, MAX_ATTEMPTS, Event, OutboxDelivery, OutboxEvent, Subscription, subscribers
from app.core.transaction import apart, transaction

LEASE_SECONDS = 60  # of a stepwise handler; renewed by every step

log = logging.getLogger(__name__)


class _Served:
    """The application whose handlers this process runs."""

    application: Flask | None = None


def serve(application: Flask) -> None:
    """Name the application whose handlers this process runs."""
    _Served.application = application


def after_fork() -> None:
    """Forget the parent's connections in a forked child (a shared socket returns other people's rows)."""
    application = _Served.application
    if application is None:
        return
    with application.app_context():
        for engine in db.engines.values():
            engine.dispose(close=False)
        application.extensions["houqin_apart"].kw["bind"].dispose(close=False)


def run(institution_id: int, delivery_id: int) -> None:
    """Entry of every RQ job. Ids only; finds nothing to do when the delivery is done, parked or in other hands."""
    application = _Served.application
    if application is None:
        raise RuntimeError("no application serves this process")
    with application.app_context(), institution_bound(institution_id):
        deliver(institution_id, delivery_id)


@dataclass(slots=True)
class Lease:
    """The right to work on a delivery step by step."""

    delivery_id: int
    token: str
    actor: Actor

    def renew(self) -> None:
        """Extend the lease in the present transaction; raises LostLease when another copy has taken over."""
        taken = db.session.execute(
            update(OutboxDelivery)
            .where(OutboxDelivery.id == self.delivery_id, OutboxDelivery.lease == self.token)
            .values(lease_until=_later(LEASE_SECONDS), next_at=_later(LEASE_SECONDS + 5))
            .returning(OutboxDelivery.id)
        ).first()
        if taken is None:
            raise LostLease(self.delivery_id)


class LostLease(Exception):
    """Another copy of the job holds the delivery now; this one ends without a trace."""


def _later(seconds: float) -> ColumnElement[datetime]:
    return func.clock_timestamp() + timedelta(seconds=seconds)


def deliver(institution_id: int, delivery_id: int) -> bool:
    """Deliver once. Returns whether this call did the work; a failure is recorded, then raised."""
    try:
        found = _take(delivery_id)
        if found is None:
            return False
        subscription, event, token, request = found
        token_id = logs.request_id.set(request)
        try:
            return _work(institution_id, delivery_id, subscription, event, token)
        finally:
            logs.request_id.reset(token_id)
    except LostLease:
        return False
    except Exception as error:
        record_failure(delivery_id, error)
        raise


def _work(institution_id: int, delivery_id: int, subscription: Subscription, event: Event, token: str | None) -> bool:
    actor = Actor.system(institution_id)
    if subscription.stepwise and token is not None:
        subscription.handler(event, Lease(delivery_id, token, actor))
        with transaction():
            _done(OutboxDelivery.id == delivery_id, OutboxDelivery.lease == token)
        return True
    with transaction():
        if not _locked(delivery_id):
            return False
        subscription.handler(event, actor, clock.now())
        _done(OutboxDelivery.id == delivery_id)
    return True


def _take(delivery_id: int) -> tuple[Subscription, Event, str | None, str | None] | None:
    """Read the delivery; a stepwise one is leased in a transaction of its own."""
    with transaction():
        row = db.session.execute(
            select(OutboxDelivery.handler, OutboxEvent.kind, OutboxEvent.payload, OutboxEvent.request_id)
            .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
            .where(
                OutboxDelivery.id == delivery_id,
                OutboxDelivery.done_at.is_(None),
                OutboxDelivery.parked_at.is_(None),
                (OutboxDelivery.lease_until.is_(None)) | (OutboxDelivery.lease_until < func.clock_timestamp()),
            )
        ).first()
        if row is None:
            return None
        table = subscribers()
        subscription = table.by_name[row.handler]
        token = None
        if subscription.stepwise:
            token = secrets.token_hex(8)
            leased = db.session.execute(
                update(OutboxDelivery)
                .where(
                    OutboxDelivery.id == delivery_id,
                    OutboxDelivery.done_at.is_(None),
                    (OutboxDelivery.lease_until.is_(None)) | (OutboxDelivery.lease_until < func.clock_timestamp()),
                )
                .values(lease=token, lease_until=_later(LEASE_SECONDS), next_at=_later(LEASE_SECONDS + 5))
                .returning(OutboxDelivery.id)
            ).first()
            if leased is None:
                return None
        return subscription, table.load(row.kind, row.payload), token, row.request_id


def _locked(delivery_id: int) -> bool:
    """Lock the delivery row; False where another copy holds it or it is done."""
    return (
        db.session.execute(
            select(OutboxDelivery.id)
            .where(
                OutboxDelivery.id == delivery_id,
                OutboxDelivery.done_at.is_(None),
                OutboxDelivery.parked_at.is_(None),
            )
            .with_for_update(skip_locked=True)
        ).first()
        is not None
    )


def _done(*condition: Any) -> None:
    db.session.execute(
        update(OutboxDelivery)
        .where(*condition)
        .values(done_at=func.clock_timestamp(), lease=None, lease_until=None, last_error=None)
    )


def record_failure(delivery_id: int, error: BaseException) -> None:
    """Note the error apart, back off, park after MAX_ATTEMPTS failures (shown on the operations page)."""
    log.error("delivery failed", exc_info=error, extra={"delivery": delivery_id})
    failures = OutboxDelivery.failures + 1
    with apart() as session:
        session.execute(
            update(OutboxDelivery)
            .where(OutboxDelivery.id == delivery_id, OutboxDelivery.done_at.is_(None))
            .values(
                failures=failures,
                lease=None,
                lease_until=None,
                last_error=f"{type(error).__name__}: {error}"[:2000],
                next_at=func.clock_timestamp()
                + case(
                    *(
                        (OutboxDelivery.failures == index, timedelta(seconds=seconds))
                        for index, seconds in enumerate(BACKOFF_SECONDS)
                    ),
                    else_=timedelta(seconds=BACKOFF_SECONDS[-1]),
                ),
                parked_at=case((failures >= MAX_ATTEMPTS, func.clock_timestamp()), else_=None),
            )
        )
