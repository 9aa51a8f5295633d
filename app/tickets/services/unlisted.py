"""Reports of places that are not in the register: staff says once what the words mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core import clock, outbox
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import DomainError
from app.core.transaction import attempt
from app.events.tickets.tickets import PlaceNamed
from app.sites import scope_words
from app.sites.models import PlaceAlias
from app.sites.rules import aliases
from app.sites.services import name_place
from app.tickets import policies
from app.tickets.queries import unlisted
from app.tickets.services import reclassifying
from app.tickets.services.case import by_ticket
from app.tickets.services.reclassifying import Wish


def name_for_all(*, actor: Actor, now: datetime, text: str, place_id: int) -> int:
    """The words mean that place from now on, in every later report; open requests that say so are moved by a job.

    Returns how many there are (of the oldest `unlisted.AT_MOST`). Raises NotAllowed (a place that is nowhere lies in no
    narrower scope), Rejected.
    """
    scope_words.require(actor, None, policies.TRIAGE)
    name_place(actor=actor, now=now, text=text, place_id=place_id)
    key = aliases.key(text)
    alias_id = db.session.scalars(select(PlaceAlias.id).where(PlaceAlias.key == key)).one()
    outbox.publish(PlaceNamed(alias_id, actor.id))
    return sum(aliases.key(row.place_text) == key for row in unlisted.waiting(actor))


def move_there(alias_id: int, step: Callable[[], None], *, actor: Actor) -> dict[str, Any]:
    """Move the open requests that carry the words to what they mean now, each in a step of its own; safe to repeat.

    One that cannot be moved stays where it is. Returns those by number, with the sentence that refused each.
    """
    key = db.session.scalar(select(PlaceAlias.key).where(PlaceAlias.id == alias_id))
    after, left = 0, {}
    while key is not None and (rows := unlisted.waiting(actor, after=after)):
        for row in rows:
            if aliases.key(row.place_text) == key:
                refused = _move(row.id, alias_id, actor)
                if refused is not None:
                    left[str(row.number)] = refused
                step()
        after = rows[-1].id
    return left


def _move(ticket_id: int, alias_id: int, actor: Actor) -> Any:
    """Move one; what is in the way, None where nothing is."""
    meant = db.session.execute(select(PlaceAlias.place_id, PlaceAlias.text).where(PlaceAlias.id == alias_id)).first()
    if meant is None:
        return None
    try:
        with attempt():
            case = by_ticket(ticket_id, actor=actor, now=clock.now())
            wish = Wish(place_id=meant.place_id)
            if case.ticket.place_id is None and reclassifying.apply(case, wish, meant.text):
                case.settle()
                case.write()
    except DomainError as refused:
        return next(iter(refused.sentences), _l("Somebody is just working on it."))
    return None
