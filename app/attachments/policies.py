"""Who may see an attachment: whoever may see what it belongs to, as the owning area says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from app.attachments.models import Attachment
from app.core.actor import Actor

Viewer = Callable[[Actor, int, datetime], bool]
"""`(actor, owner_id, at) -> bool`: may he see what the thing was given at that instant? Two statements at most."""

_viewers: dict[str, Viewer] = {}


def use(viewers: Mapping[str, Viewer]) -> None:
    """Take over the table owner kind → rule (wiring fills it). A kind that is not in it is shown to nobody."""
    _viewers.clear()
    _viewers.update(viewers)


def may_view(actor: Actor, attachment: Attachment) -> bool:
    """The owner's rule; uploading alone gives no right to look later (QR reports are write-only).

    A signature is never shown to the public, whatever else of its thing was published.
    """
    if attachment.moment == "signature" and not actor.signed_in:
        return False
    rule = _viewers.get(attachment.owner_kind)
    return rule is not None and rule(actor, attachment.owner_id, attachment.at)
