"""Signed, expiring links to photos, and photos as pages show them.

A link says which photo in which size until when; looking still asks the owner's rule. It ends on a full hour,
so that a page drawn twice within the hour has the same addresses and the browser's copies serve.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from flask import current_app, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from app.attachments import services
from app.attachments.models import Attachment
from app.core.db import current_institution

Size = Literal["full", "thumb"]
HOUR = 3600
LIFE_HOURS = 2  # a link lives between one and two hours


def _signer() -> URLSafeSerializer:
    config = current_app.config
    return URLSafeSerializer([*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]], salt="attachments.links")


def token(attachment_id: int, size: Size, now: datetime) -> str:
    """The signed part of a link."""
    ends = (int(now.timestamp()) // HOUR + LIFE_HOURS) * HOUR
    return str(_signer().dumps([current_institution(), attachment_id, size[0], ends]))


def read(given: str, now: datetime) -> tuple[int, Size] | None:
    """(attachment id, size) of a link that is ours, of this institution and not over; else None."""
    try:
        institution_id, attachment_id, size, ends = _signer().loads(given)
    except (BadSignature, ValueError, TypeError):
        return None
    if institution_id != current_institution() or now.timestamp() >= ends:
        return None
    return int(attachment_id), "thumb" if size == "t" else "full"


def url(attachment: Attachment, size: Size, now: datetime) -> str:
    """Path of the photo in one of its two sizes; only for ready ones."""
    return url_for("attachments.file", token=token(attachment.id, size, now))


def moment_word(moment: str) -> str:
    """What the photo shows, for its text alternative."""
    words = {
        "report": _("Photo of the fault"),
        "before": _("Before the repair"),
        "after": _("After the repair"),
        "signature": _("Signature"),
        "message": _("Photo of a message"),
    }
    return str(words[moment])


def shown(attachments: Iterable[Attachment], now: datetime) -> list[dict[str, Any]]:
    """The photos as `ui.photo_grid` takes them; one being prepared has no address, a refused one its reason."""
    photos: list[dict[str, Any]] = []
    for attachment in attachments:
        ready = attachment.state == "ready"
        photos.append(
            {
                "id": str(attachment.id),
                "moment": attachment.moment,
                "state": attachment.state,
                "thumb": url(attachment, "thumb", now) if ready else None,
                "full": url(attachment, "full", now) if ready else None,
                "alt": moment_word(attachment.moment),
                "problem": str(services.SENTENCES[attachment.reason]) if attachment.reason else None,
            }
        )
    return photos
