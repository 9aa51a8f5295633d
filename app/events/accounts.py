"""What happens to people and accounts."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class SignInTraceDue(Event):
    """Once a day: old traces of signing in may go."""
