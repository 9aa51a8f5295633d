"""The conversation of a ticket as `macros/talk.html` shows it, on the reporter's page and on the crew's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.attachments import links
from app.attachments import queries as attachments
from app.attachments.models import Attachment
from app.core import forms, i18n
from app.core.actor import Actor
from app.tickets.rules.history import Remark
from app.tickets.rules.limits import NOTE_LIMIT
from app.tickets.services.messages import OWNER, Picture

PHOTOS = 6
MEGABYTES = PHOTOS * 25 + 1
FOLLOWERS, STAFF = "followers", "staff"
READERS = (FOLLOWERS, STAFF)
"""Whom the desk may write to besides the reporter: the followers too, or nobody but staff (a note)."""


class Message(forms.Schema):
    """A message as the page sends it, in words or by photos. `to`: see `READERS`."""

    text = forms.Text(max=NOTE_LIMIT, multiline=True, load_default="")
    photos = fields.List(
        forms.Upload(),
        load_default=list,
        validate=validate.Length(max=PHOTOS, error=_l("Send at most six photos at a time.")),
    )
    to = forms.Text(max=20, load_default="", validate=validate.OneOf(("", *READERS)))


def pictures(sent: Sequence[Any]) -> list[Picture]:
    """The photos of a form as the service takes them."""
    return [Picture(each.stream, each.filename or "") for each in sent]


def photos_of(events: Sequence[Any], ticket_id: int) -> list[Attachment]:
    """The photos of a ticket's messages; no statement where none of them has any."""
    if not any(each.kind == Remark.MESSAGE and (each.data or {}).get("photos") for each in events):
        return []
    return attachments.of(OWNER, ticket_id)


SAID = (Remark.MESSAGE, Remark.NOTE)
"""What stands in the conversation; who may not read notes has none among his events."""


def thread(
    events: Sequence[Any], reader: Actor, reporter_id: int | None, photos: Sequence[Attachment], now: datetime
) -> list[dict[str, Any]]:
    """The messages among a ticket's events, oldest first, with their photos (`photos_of`); for staff its notes, too."""
    shown = {each["id"]: each for each in links.shown(photos, now)}
    return [_line(each, reader, reporter_id, shown) for each in events if each.kind in SAID]


def _line(event: Any, reader: Actor, reporter_id: int | None, shown: dict[str, dict[str, Any]]) -> dict[str, Any]:
    mine = event.actor_id is not None and event.actor_id == reader.id
    who = event.actor_name or _("Somebody")
    if event.actor_id == reporter_id:
        who = _("%(name)s (reporter)", name=who)
    return {
        "text": _text(event),
        "photos": [shown[each] for each in (event.data or {}).get("photos", ()) if each in shown],
        "who": _("You") if mine else who,
        "mine": mine,
        "kind": "inner" if event.kind == Remark.NOTE else None,
        "at": i18n.format_time(event.at),
        "iso": i18n.iso(event.at),
        "day": f"{i18n.format_weekday(event.at)} {i18n.format_day(event.at)}",
    }


def _text(event: Any) -> str:
    """What was said; a note about one of the orders (a macro's) says which."""
    said: str = event.note or ""
    if event.kind == Remark.NOTE and event.order_number:  # the crew's rows, all messages, have no such column
        return str(_("%(number)s: %(what)s", number=event.order_number, what=said))
    return said
