"""The portal's own reactions: administrators hear of background work that was given up."""

from __future__ import annotations

from datetime import datetime

from app.core.actor import Actor
from app.events.operations import OperationsWatched
from app.notifications import services as notifications
from app.portal import queries

__all__ = ["OperationsWatched", "watch"]


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
