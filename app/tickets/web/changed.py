"""What a correction of a request changed, from what to what, in the history staff reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from app.core import i18n
from app.core.words import text as words_text
from app.sites import queries as sites
from app.tickets import order_words
from app.tickets.queries import catalogue
from app.tickets.rules.history import Remark

Names = Mapping[tuple[str, Any], str]
"""What the categories and places are called that were changed: by member and what the history keeps of it."""


def names(events: Sequence[Any]) -> Names:
    """The names corrections need; no statement where nothing was corrected."""
    kept = [each.data or {} for each in events if each.kind == Remark.RECLASSIFY]
    codes = {code for data in kept for code in data.get("category", ())}
    place_ids = {number for data in kept for number in data.get("place", ()) if number is not None}
    called = catalogue.names(codes) if codes else {}
    paths = sites.paths(place_ids) if place_ids else {}
    return {
        **{("category", code): words_text(name, i18n.locale()) for code, name in called.items()},
        **{("place", number): path for number, path in paths.items()},
    }


def lines(event: Any, called: Names) -> list[str]:
    """One line per member of the request that was corrected."""
    data = event.data or {} if event.kind == Remark.RECLASSIFY else {}
    labels = {
        "category": _("Category"),
        "place": _("Place"),
        "urgency": _("Urgency said"),
        "impact": _("Reach"),
        "priority": _("Priority"),
    }
    found = []
    for name in (each for each in labels if each in data):
        before, after = (_said(name, value, called) for value in data[name])
        if before != after:
            found.append(_("%(what)s: %(before)s → %(after)s", what=labels[name], before=before, after=after))
    return found


def _said(name: str, value: Any, called: Names) -> str:
    if name in ("urgency", "priority"):
        return order_words.priority(value)
    if name == "impact":
        return order_words.impact(value)
    return called.get((name, value)) or _("not in the register")
