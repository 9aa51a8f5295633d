"""The conversation of a ticket as `macros/talk.html` shows it, on the reporter's page and on the crew's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from marshmallow import validate

from app.core import forms, i18n
from app.core.actor import Actor
from app.tickets import schemas
from app.tickets.rules.history import Remark


class Message(forms.Schema):
    """A message as the page sends it. `to`: "followers" where the desk tells them too."""

    text = forms.Text(max=schemas.NOTE_LIMIT, multiline=True, required=True)
    to = forms.Text(max=20, load_default="", validate=validate.OneOf(("", "followers")))


def thread(events: Sequence[Any], reader: Actor, reporter_id: int | None) -> list[dict[str, Any]]:
    """The messages among a ticket's events, oldest first."""
    return [_line(each, reader, reporter_id) for each in events if each.kind == Remark.MESSAGE]


def _line(event: Any, reader: Actor, reporter_id: int | None) -> dict[str, Any]:
    mine = event.actor_id is not None and event.actor_id == reader.id
    who = event.actor_name or _("Somebody")
    if event.actor_id == reporter_id:
        who = _("%(name)s (reporter)", name=who)
    return {
        "text": event.note,
        "who": _("You") if mine else who,
        "mine": mine,
        "at": i18n.format_time(event.at),
        "iso": i18n.iso(event.at),
        "day": f"{i18n.format_weekday(event.at)} {i18n.format_day(event.at)}",
    }
