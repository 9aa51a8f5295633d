"""Who may read which messages."""

from __future__ import annotations

from app.core.actor import Actor


def own(actor: Actor) -> bool:
    """The own inbox and the own choices."""
    return actor.id is not None and actor.can("notifications.own")


def write_webhooks(actor: Actor) -> bool:
    """Telling other systems what happens, and seeing what they were told."""
    return actor.can("webhooks.write")


def read_mail(actor: Actor) -> bool:
    """The kept mail and the delivery log: they hold other people's addresses and words."""
    return actor.can("mail.read")
