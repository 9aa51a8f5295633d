"""What a page or a program sends as feedback, taken down with the sender's name or without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core import clock
from app.core.actor import Actor
from app.core.http import current_actor, locale
from app.portal.models import Feedback
from app.portal.receipts import receipt_secret
from app.portal.rules.feedback import Kind
from app.portal.services.feedback import filing
from app.portal.services.feedback.filing import Said


def take_down(sent: Mapping[str, Any], *, without_name: bool) -> tuple[Feedback, str | None]:
    """The matter, and without a name the secret of its receipt. Raises NotAllowed, Rejected.

    Without a name nothing is kept that would say whose it is: neither who sent it nor his request nor whom he ticked.
    """
    actor = current_actor()
    secret = receipt_secret(sent["text"]) if without_name else None
    matter = filing.file(
        actor=Actor.anonymous(actor.institution_id) if without_name else actor,
        now=clock.now(),
        said=Said(
            kind=Kind(sent["kind"]),
            text=sent["text"],
            lang=locale(),
            place_id=sent["place_id"],
            ticket_id=None if without_name else sent["ticket_id"],
            about=() if without_name else tuple(sent["about"]),
            about_text=sent["about_text"],
        ),
        secret=secret,
    )
    return matter, secret
