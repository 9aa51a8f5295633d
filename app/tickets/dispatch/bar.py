"""What the bar of the chosen orders offers, on the board and on the list: to whom, why, macros, all of a column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from app.core import i18n
from app.core.actor import Actor
from app.core.i18n import gettext as _
from app.core.i18n import per_language
from app.core.rendering import Options
from app.tickets import order_words
from app.tickets.dispatch import entry, macros
from app.tickets.queries import dispatch_list, technicians

PEOPLE = 500
PEOPLE_KEPT = 64
"""Of so many sets of people the options are kept; dispatchers of one campus plan the same."""


def offered(actor: Actor, now: datetime, counts: Mapping[str, int], views: Iterable[str]) -> dict[str, Any]:
    """What its template takes; `views`: those of which all can be chosen. Two statements."""
    labels = entry.view_labels()
    return {
        "scopes": [
            {"value": view, "label": _("all of “%(name)s” (%(count)s)", name=labels[view], count=many(counts[view]))}
            for view in views
            if counts[view]
        ],
        "macros": macros.offered(),
        "hold_reasons": _hold_reasons(),
        "people": _people(tuple(technicians.names(actor, now, None, PEOPLE))),
    }


@per_language
def _hold_reasons() -> Options:
    """As one order's form offers them; many have no place for the word of a card, so that each demand is a time."""
    return Options({**each, "needs": "until"} if "needs" in each else each for each in order_words.hold_choices())


@lru_cache(maxsize=PEOPLE_KEPT)
def _people(names: tuple[tuple[int, str], ...]) -> Options:
    """The options for (id, name) of each, made once for the same people."""
    return Options({"value": person_id, "label": name} for person_id, name in names)


def many(count: int) -> str:
    """A count that was taken up to a limit: 1,000+ from there on."""
    said = i18n.format_number(min(count, dispatch_list.COUNTED))
    return f"{said}+" if count >= dispatch_list.COUNTED else said
