"""Reactions to events."""

from __future__ import annotations

from datetime import datetime

from app.accounts import services
from app.core.actor import Actor
from app.events.accounts import SignInTraceDue


def sweep(event: SignInTraceDue, actor: Actor, now: datetime) -> None:
    """Remove failed sign-ins that no longer count and sessions that ended long ago."""
    services.sessions.sweep(now)
