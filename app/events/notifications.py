"""What happens to notifications."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class MailDue(Event):
    """A notification is to go out by mail; it leaves the system, so it is an event of its own."""

    notification_id: int
