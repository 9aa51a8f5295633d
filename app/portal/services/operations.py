"""Changing settings, and what becomes of deliveries that were given up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, update

from app.audit import labels
from app.audit import services as audit
from app.core import outbox, settings
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotFound, Stale
from app.core.outbox import OutboxDelivery

labels.declare(
    verbs={
        "setting.change": _l("Changed a setting"),
        "delivery.retry": _l("Let background work run again"),
        "delivery.drop": _l("Gave background work up"),
    },
    objects={"setting": _l("Setting"), "delivery": _l("Background work")},
)


def change_setting(name: str, given: Any, *, actor: Actor, now: datetime, seen: int) -> None:
    """Set a value and note it in the audit log; a value that stays the same is no change.

    `seen` is the id of the row the page showed (0: the default). Raises NotFound, Rejected, Stale; Conflict
    for one that is changed elsewhere, together with others.
    """
    declared = settings.DECLARED.get(name)
    if declared is None:
        raise NotFound
    if declared.page is not None:
        raise Conflict(_l("This value has to fit others. It is changed together with them, on a page of their own."))
    settings.lock(name)  # two tabs that saw the same value: the second waits, then finds that it was changed
    last, before = settings.newest(name)
    if last != seen:
        raise Stale(
            _l("Somebody has just changed this setting. Look at the new value before you change it again."),
            current={"value": before},
        )
    after = declared.parse(given)
    if after == before:
        return
    settings.put(name, after, actor_id=actor.id, now=now)
    audit.record(actor, "setting.change", "setting", None, now=now, before={name: before}, after={name: after})


def retry(delivery_id: int, *, actor: Actor, now: datetime) -> None:
    """Let a parked delivery run again from its first try. Raises NotFound where it is no longer parked."""
    _unpark(
        delivery_id,
        parked_at=None,
        failures=0,
        attempts=0,
        lease=None,
        lease_until=None,
        next_at=func.clock_timestamp(),
    )
    audit.record(actor, "delivery.retry", "delivery", delivery_id, now=now)
    outbox.ring_after_commit()


def drop(delivery_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Give a parked delivery up for good: what it should have done does not happen. Raises NotFound."""
    _unpark(delivery_id, done_at=func.clock_timestamp(), parked_at=None, last_error=f"dropped: {reason}")
    audit.record(actor, "delivery.drop", "delivery", delivery_id, now=now, after={"reason": reason})


def _unpark(delivery_id: int, **values: Any) -> None:
    found = db.session.execute(
        update(OutboxDelivery)
        .where(
            OutboxDelivery.id == delivery_id, OutboxDelivery.parked_at.is_not(None), OutboxDelivery.done_at.is_(None)
        )
        .values(**values)
        .returning(OutboxDelivery.id)
    ).first()
    if found is None:
        raise NotFound
