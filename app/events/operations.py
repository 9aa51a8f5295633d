"""What the machinery itself asks for."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class OperationsWatched(Event):
    """Periodic: look whether background work was given up since the last time."""


@dataclass(frozen=True, slots=True)
class HousekeepingDue(Event):
    """Periodic: delivered events and idempotency keys past their day are deleted."""
