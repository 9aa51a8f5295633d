"""Words for hours classes (tickets-rules 15), and those of calendars in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from app.audit import labels
from app.core import i18n, words
from app.sites.calendars.models import HOURS_CLASSES

HOURS_LABELS: Final[dict[str, Any]] = {
    "office": _l("Office hours"),
    "extended": _l("Extended hours"),
    "always": _l("Round the clock"),
}

labels.declare(
    verbs={
        "calendar.create": _l("Made a working calendar"),
        "calendar.publish": _l("Published a version of a working calendar"),
        "calendar.hours": _l("Changed which calendar a campus works by"),
        "calendar.close": _l("Closed a working calendar"),
    },
    objects={"calendar": _l("Working calendar")},
    fields=HOURS_LABELS,
    references=dict.fromkeys(HOURS_CLASSES, "calendar"),
)


def hours_options() -> list[dict[str, str]]:
    """The hours classes to choose from."""
    return [{"value": code, "label": str(HOURS_LABELS[code])} for code in HOURS_CLASSES]


def said(name: Mapping[str, str]) -> str:
    """The name of a calendar or season, for options."""
    return words.text(name, i18n.locale())
