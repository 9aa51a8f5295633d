"""What board and list offer beside their orders: kept views, filters, and for the chosen ones to whom, why, macros."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from app.core import i18n, prepared
from app.core.actor import Actor
from app.core.i18n import gettext as _
from app.core.i18n import per_language
from app.core.rendering import Options
from app.sites import queries as places
from app.tickets import order_words
from app.tickets.dispatch import entry, macros
from app.tickets.queries import dispatch_list, narrowing, saved_views, technicians
from app.tickets.queries import macros as macro_queries

PEOPLE = 500
PEOPLE_KEPT = 64
"""Of so many sets of people the options are kept; dispatchers of one campus plan the same."""


class Beside(NamedTuple):
    """What is read for it. `views`: the kept views; `narrowing`: by what can be narrowed, as `narrowing.offered`."""

    views: list[Any]
    macros: tuple[macros.Offered, ...]
    people: Options
    narrowing: str = ""


def beside(actor: Actor, now: datetime, *, filters: bool) -> Beside:
    """`filters`: with what they offer, which a list by itself does not show. One statement."""
    questions = [saved_views.asked(actor), macro_queries.asked(), technicians.asked(actor, now, None, PEOPLE)]
    if filters:
        questions.append(narrowing.offered(places.today(now)))
    views, usable, people, *rest = prepared.answers(*questions)
    offered = rest[0][0][0] if rest else ""
    return Beside(views, macros.offered(usable), _people(tuple(people)), offered)


def offered(found: Beside, counts: Mapping[str, int], views: Iterable[str]) -> dict[str, Any]:
    """What the template of the chosen orders takes; `views`: those of which all can be chosen."""
    labels = entry.view_labels()
    return {
        "scopes": [
            {"value": view, "label": _("all of “%(name)s” (%(count)s)", name=labels[view], count=many(counts[view]))}
            for view in views
            if counts[view]
        ],
        "macros": found.macros,
        "hold_reasons": _hold_reasons(),
        "people": found.people,
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
