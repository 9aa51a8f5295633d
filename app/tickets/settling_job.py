"""Keeping the rows of figures up with the history, in the background."""

from __future__ import annotations

from app.core import clock, transaction
from app.core.deliveries import Lease
from app.events.tickets.tickets import FiguresDue
from app.tickets.services import settling


def on_figures_due(event: FiguresDue, lease: Lease) -> None:
    """Go on where the mark stands; each step renews the lease."""
    with transaction.steps() as commit:
        for _until in settling.settle(clock.now()):
            lease.renew()
            commit()
