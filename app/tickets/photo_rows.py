"""The photos a person on an order starts from: those of the report, and where it is rework those of the repair that
did not hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from app.attachments import links
from app.attachments import queries as attachments
from app.core.i18n import gettext as _

EARLIER: Final = "earlier"
"""The moment of an earlier order's photo: it is no evidence of this one's work."""


def given(row: Any, now: datetime) -> list[dict[str, Any]]:
    """As `ui.photo_grid` takes them (`row`: ticket_id, rework_of_id); two statements for rework, else one."""
    photos = links.shown(attachments.of("ticket", row.ticket_id), now)
    if row.rework_of_id is None:
        return photos
    before = links.shown(attachments.of("work_order", row.rework_of_id), now)
    for each in before:
        each["moment"], each["caption"] = EARLIER, _("From the earlier repair")
    return photos + before
