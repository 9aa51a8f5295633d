"""Administrators hear of background work that was given up; what is past its day is deleted."""

from __future__ import annotations

from datetime import datetime

from app.core import clock, housekeeping
from app.core.actor import Actor
from app.core.deliveries import Lease
from app.core.transaction import steps
from app.events.operations import HousekeepingDue, OperationsWatched
from app.notifications import services as notifications
from app.portal.queries import operations as queries


def watch(event: OperationsWatched, actor: Actor, now: datetime) -> None:
    """Tell everybody who may mend it, once for each delivery that is the newest of those given up."""
    newest, count = queries.newest_parked()
    if newest is None:
        return
    notifications.notify(
        queries.menders(now),
        "deliveries-parked",
        {"count": count},
        "/operations/parked",
        now,
        key=f"parked:{newest}",
    )


def tidy(event: HousekeepingDue, lease: Lease) -> None:
    """Batch by batch, each a transaction of its own."""
    with steps() as step:
        for _gone in housekeeping.batches(clock.now()):
            lease.renew()
            step()
