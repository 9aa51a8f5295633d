"""What happens to notifications."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.outbox import Event


@dataclass(frozen=True, slots=True)
class MailDue(Event):
    """A notification is to go out by mail; it leaves the system, so it is an event of its own."""

    notification_id: int


@dataclass(frozen=True, slots=True)
class WebhookDue(Event):
    """A webhook's message is to be sent; `replay` and `attempt` (from 0) say which try of which order this is."""

    message_id: int
    replay: int
    attempt: int
