"""Reports of places that are not in the register: staff says once what the words mean."""

from __future__ import annotations

from datetime import datetime

from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.sites.rules import aliases
from app.sites.services import name_place
from app.tickets import policies
from app.tickets.queries import unlisted
from app.tickets.services import reclassifying
from app.tickets.services.case import by_ticket
from app.tickets.services.reclassifying import Wish


def name_for_all(*, actor: Actor, now: datetime, text: str, place_id: int) -> int:
    """The words mean that place: now and in every later report; open requests that say so move there.

    Returns how many did. Raises NotAllowed (a place that is nowhere lies in no narrower scope), Rejected.
    """
    if not policies.sees_unlisted(actor):
        raise NotAllowed
    place = name_place(actor=actor, now=now, text=text, place_id=place_id)
    moved = 0
    for row in unlisted.waiting(actor):
        if aliases.key(row.place_text) != aliases.key(text):
            continue
        case = by_ticket(row.id, actor=actor, now=now)
        if reclassifying.apply(case, Wish(place_id=place.id), text):
            case.settle()
            case.write()
            moved += 1
    return moved
