"""A window for a visit as forms carry it, and those that can be chosen now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields

from app.core import i18n
from app.core.forms import within_reach
from app.tickets.rules import visits as rules
from app.tickets.rules.visits import NOT_OFFERED, Window
from app.tickets.services import visits


class VisitChoice(fields.Field[Window]):
    """A window as the form's choice carries it: its two instants, RFC 3339, with a slash between."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Window:
        start, _slash, end = str(value).partition("/")
        try:
            found = Window(*(within_reach(datetime.fromisoformat(each)) for each in (start, end)))
        except ValueError:
            raise ValidationError(_l(NOT_OFFERED)) from None
        if found.start.tzinfo is None or found.end.tzinfo is None:
            raise ValidationError(_l(NOT_OFFERED))
        return found


def option(window: Window) -> dict[str, str]:
    """A window as a choice, by day; its day stands in its words, too, which are all that a closed list shows."""
    when = f"{i18n.format_time(window.start)}–{i18n.format_time(window.end)}"
    of = f"{i18n.format_weekday(window.start)} {i18n.format_day(window.start)}"
    value = f"{i18n.iso(window.start)}/{i18n.iso(window.end)}"
    return {"value": value, "label": f"{of} {when}", "group": of}


def slots(now: datetime) -> list[dict[str, str]]:
    """The windows that can be chosen now, by day."""
    return [option(each) for each in rules.slots(now, i18n.zone(), visits.hours())]
