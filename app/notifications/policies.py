"""Who may read which messages."""

from __future__ import annotations

from app.core.actor import Actor


def own(actor: Actor) -> bool:
    """The own inbox and the own choices."""
    return actor.id is not None and actor.can("notifications.own")


def read_mail(actor: Actor) -> bool:
    """The kept mail and the delivery log: they hold other people's addresses and words."""
    return actor.can("mail.read")
