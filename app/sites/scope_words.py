"""What a refusal says of something that lies where whoever wanted to do something has no right to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.actor import Actor, Located
from app.core.errors import NotAllowed
from app.core.refusals import lacking
from app.sites import queries


def not_there(actor: Actor, thing: Located | None, permissions: Iterable[str]) -> NotAllowed:
    """The refusal of an act that takes one of the permissions where a thing lies.

    Who holds one of them elsewhere is told where the thing lies; who holds none, which right it takes and who has it.
    """
    wanted = tuple(permissions)
    if any(actor.can(each) and not actor.covers(each, thing) for each in wanted):
        return NotAllowed(_outside(thing))
    return lacking(actor, lambda somebody: any(somebody.can(each) for each in wanted))


def require(actor: Actor, thing: Located | None, *permissions: str) -> None:
    """Raise NotAllowed where the actor holds none of the permissions where a thing lies."""
    if not any(actor.covers(each, thing) for each in permissions):
        raise not_there(actor, thing, permissions)


def _outside(thing: Located | None) -> Any:
    """Where it lies, no finer than the building; lazy, in the reader's language. One statement."""
    place_id = None if thing is None else thing.building_id or thing.campus_id
    where = None if place_id is None else queries.paths([place_id]).get(place_id)
    if where is None:
        return _l("This lies in no place of the register: only who is responsible for the whole institution may do it.")
    return _l("This lies in %(place)s, outside of what you are responsible for. Ask who answers for it.", place=where)
