"""The runner: one delivery, its effect and `done_at` in one transaction, or step by step under a lease."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, g
from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import ColumnElement

from app.core import clock, logs, metrics
from app.core.actor import Actor
from app.core.database_errors import is_busy
from app.core.db import db, institution_bound
from app.core.errors import Stale
from app.core.institution import institutions
from app.core.outbox import BACKOFF_SECONDS, MAX_ATTEMPTS, OutboxDelivery, OutboxEvent, Subscription, subscribers
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
    metrics.after_fork()
    application = _Served.application
    if application is None:
        return
    with application.app_context():
        for engine in db.engines.values():
            engine.dispose(close=False)
        application.extensions["houqin_apart"].kw["bind"].dispose(close=False)
    application.extensions["houqin_bell"].forget()


def run(institution_id: int, delivery_id: int) -> None:
    """Entry of every RQ job. Ids only; finds nothing to do when the delivery is done, parked or in other hands."""
    if _Served.application is None:
        raise RuntimeError("no application serves this process")
    with _Served.application.app_context(), institution_bound(institution_id):
        try:
            deliver(institution_id, delivery_id)
        except Exception:  # noqa: BLE001 - deliver() has recorded and logged it; the queue need not keep it too
            return


@dataclass(slots=True)
class Lease:
    """The right to work on a delivery step by step."""

    delivery_id: int
    token: str
    actor: Actor

    def renew(self) -> None:
        """Extend the lease in the present transaction; raises LostLease when another copy has taken over.

        The row stays locked until the step commits, so nobody takes over between this check and the step's effect.
        """
        self._extend(db.session())

    def hold(self) -> None:
        """Extend the lease at once, apart from the present transaction: for one step that takes long."""
        with apart() as session:
            self._extend(session)

    def _extend(self, session: Session) -> None:
        taken = session.execute(
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


@dataclass(slots=True)
class _Turn:
    """One delivery, and what is known of it so far; `token` is the lease of a stepwise one."""

    institution_id: int
    delivery_id: int
    subscription: Subscription | None = None
    token: str | None = None


def deliver(institution_id: int, delivery_id: int) -> bool:
    """Deliver once. Returns whether this call did the work; a failure is recorded, then raised."""
    request = logs.request_id.set(None)
    turn = _Turn(institution_id, delivery_id)
    try:
        done = _twice(turn)
    except LostLease:
        log.info("delivery taken over", extra={"delivery": delivery_id})
        return False
    except Exception as error:
        record_failure(delivery_id, error, token=turn.token)
        metrics.delivered(turn.subscription.name if turn.subscription else "", "failed")
        raise
    else:
        if done and turn.subscription:
            log.info("delivered", extra={"delivery": delivery_id, "handler": turn.subscription.name})
            metrics.delivered(turn.subscription.name, "done")
        return done
    finally:
        logs.request_id.reset(request)


def _twice(turn: _Turn) -> bool:
    """Work; where somebody else held a row just then, once more at once, as a request would (architecture.md)."""
    try:
        return _work(turn)
    except (DBAPIError, Stale) as error:
        if not (isinstance(error, Stale) or is_busy(error)) or turn.token is not None:
            raise
        log.info("delivery meets somebody else", extra={"delivery": turn.delivery_id})
        return _work(turn)


def _work(turn: _Turn) -> bool:
    """Lock the delivery and do its effect in the same transaction, or, where it works in steps, lease it and go on.

    False where another copy holds it or it is done.
    """
    actor = Actor.system(turn.institution_id)
    with transaction():
        row = db.session.execute(_LOCK, {"delivery": turn.delivery_id}).first()
        if row is None:
            return False
        logs.request_id.set(row.request_id)
        _know_institution(turn.institution_id)
        turn.subscription = subscribers().by_name[row.handler]
        event = subscribers().load(row.kind, row.payload)
        if not turn.subscription.stepwise:
            turn.subscription.handler(event, actor, clock.now())
            return _done(OutboxDelivery.id == turn.delivery_id)
        token = secrets.token_hex(8)
        db.session.execute(_LEASE, {"delivery": turn.delivery_id, "token": token})
    turn.token = token
    turn.subscription.handler(event, Lease(turn.delivery_id, token, actor))
    with transaction():
        return _done(OutboxDelivery.id == turn.delivery_id, OutboxDelivery.lease == token)


def _know_institution(institution_id: int) -> None:
    """Handlers write times in the institution's zone, as pages do."""
    g.institution = next((facts for facts in institutions() if facts.id == institution_id), None)


# The hand-off waits for these, so they are built once and not for every delivery.
_LOCK = (
    select(OutboxDelivery.handler, OutboxEvent.kind, OutboxEvent.payload, OutboxEvent.request_id)
    .join(OutboxEvent, OutboxEvent.id == OutboxDelivery.event_id)
    .where(
        OutboxDelivery.id == bindparam("delivery"),
        OutboxDelivery.done_at.is_(None),
        OutboxDelivery.parked_at.is_(None),
        (OutboxDelivery.lease_until.is_(None)) | (OutboxDelivery.lease_until < func.clock_timestamp()),
    )
    .with_for_update(skip_locked=True, of=OutboxDelivery)
)
_LEASE = (
    update(OutboxDelivery)
    .where(OutboxDelivery.id == bindparam("delivery"))
    .values(lease=bindparam("token"), lease_until=_later(LEASE_SECONDS), next_at=_later(LEASE_SECONDS + 5))
    .execution_options(synchronize_session=False)
)


def _done(*condition: Any) -> bool:
    """Mark done; False where the lease went to another copy meanwhile."""
    marked = db.session.execute(
        update(OutboxDelivery)
        .where(*condition)
        .values(done_at=func.clock_timestamp(), lease=None, lease_until=None, last_error=None)
        .returning(OutboxDelivery.id)
    ).first()
    return marked is not None


def record_failure(delivery_id: int, error: BaseException, *, token: str | None = None) -> None:
    """Note the error apart, back off, park after MAX_ATTEMPTS failures (shown on the operations page).

    With a lease's `token` only while that lease is ours: the failure of a copy that was taken over says nothing.
    """
    log.error("delivery failed", exc_info=error, extra={"delivery": delivery_id})
    failures = OutboxDelivery.failures + 1
    ours = () if token is None else (OutboxDelivery.lease == token,)
    with apart() as session:
        session.execute(
            update(OutboxDelivery)
            .where(OutboxDelivery.id == delivery_id, OutboxDelivery.done_at.is_(None), *ours)
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
