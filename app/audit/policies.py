"""Who reads the log."""

from __future__ import annotations

from app.core.actor import Actor


def read(actor: Actor) -> bool:
    """The log of the whole institution: only who holds the permission for all of it."""
    return actor.holds_everywhere("audit.read")
