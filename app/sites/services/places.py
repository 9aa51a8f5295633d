"""Changing one place. Nothing is deleted: a place is closed, its history stays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.audit import services as audit
from app.core import pinyin
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, Rejected
from app.core.seen import Seen, check
from app.sites import queries
from app.sites.models import Place
from app.sites.rules import tree
from app.sites.services import standing


def add_place(
    kind: str,
    parent_id: int | None,
    code: str,
    name: str,
    *,
    actor: Actor,
    now: datetime,
    lang: str = "zh-CN",
    initials: str | None = None,
    public: bool | None = None,
    zone_name: str | None = None,
    valid_from: date | None = None,
) -> Place:
    """Add one place. `initials` None: from the name; `public` None: outdoor places are.

    Raises Rejected (kind does not fit under the parent, code taken, unknown time zone), NotFound (parent),
    NotAllowed (outside the actor's scope).
    """
    parent = None
    if parent_id is not None:
        parent = standing.changeable(parent_id, actor)
        standing.lock_campuses([parent], share=True)
        if parent.valid_to is not None:
            raise Conflict(_l("The place above this one is closed. Open that one first."))
    else:
        standing.must_cover(actor, [None])
    standing.check_fit(kind, parent)
    if queries.code_taken(code):
        raise Rejected(fields={"code": standing.CODE_TAKEN})
    above = None if parent is None else standing.derived_of(parent)
    new = standing.NewPlace(kind, code, name, parent_id, None, initials, public, zone_name, lang, valid_from)
    place = Place(**standing.new_row(new, parent_id, above)[0])
    db.session.add(place)
    db.session.flush()
    if kind == "campus":
        place.campus_id = place.id
    if kind == "building":
        place.building_id = place.id
    db.session.flush()
    audit.record(actor, "place.add", "place", place.id, now=now, after={"kind": kind, "code": code, "path": place.path})
    return place


def edit_place(
    place_id: int,
    *,
    actor: Actor,
    now: datetime,
    code: str,
    name: str,
    initials: str | None = None,
    public: bool | None = None,
    zone_name: str | None = None,
    seen: Seen | None = None,
) -> Place:
    """Rename a place or change its other facts; what stands below repeats its new name.

    `initials` blank or None: those of the name. `seen`: what the actor had before him (None: not asked). Raises
    Rejected, NotFound, NotAllowed, Overtaken.
    """
    place = standing.locked(place_id, actor, seen)
    if code != place.code and queries.code_taken(code, but=place.id):
        raise Rejected(fields={"code": standing.CODE_TAKEN})
    before = _facts(place)
    place.code, place.name = code, name
    place.initials = tree.fold(initials or "") or pinyin.initials(name)
    place.sort_key = standing.sort_key(place.kind, name)
    if public is not None:
        place.public = public
    place.zone_name = standing.time_zone(place.kind, zone_name or place.zone_name)
    standing.rederive([place.id])
    audit.record_change(actor, "place.edit", "place", place.id, now=now, before=before, after=_facts(place))
    return place


def move_place(place_id: int, parent_id: int, *, actor: Actor, now: datetime, seen: Seen | None = None) -> Place:
    """Hang a place, with everything below it, under another parent.

    Raises Rejected where it does not fit there or the new parent lies inside the place itself, Overtaken.
    """
    place, parent = standing.changeable(place_id, actor), standing.changeable(parent_id, actor)
    standing.lock_campuses([place, parent])
    check(place, seen)
    if parent_id == place.parent_id:
        return place
    standing.check_fit(place.kind, parent)
    if parent.valid_to is not None:
        raise Conflict(_l("The place above this one is closed. Open that one first."))
    before = _facts(place)
    place.parent_id = parent_id
    standing.rederive([place.id])
    audit.record_change(actor, "place.move", "place", place.id, now=now, before=before, after=_facts(place))
    return place


def close_place(place_id: int, on: date, *, actor: Actor, now: datetime, seen: Seen | None = None) -> Place:
    """End a place with a day (exclusive: on that day it is no longer there). History keeps pointing to it.

    Raises Conflict while something valid stands below it, Rejected for a day before it opened, Overtaken.
    """
    place = standing.locked(place_id, actor, seen)
    if place.valid_to is not None:
        raise Conflict(_l("This place is closed already."))
    if place.valid_from is not None and on < place.valid_from:
        raise Rejected(fields={"on": _l("The last day cannot lie before the first.")})
    standing.check_nothing_below([place.id], on)
    place.valid_to = on
    db.session.flush()
    audit.record(actor, "place.close", "place", place.id, now=now, after={"valid_to": on.isoformat()})
    return place


def reopen_place(place_id: int, *, actor: Actor, now: datetime, seen: Seen | None = None) -> Place:
    """Take a closing back.

    Raises Conflict where the parent is closed, Rejected where the code was given away, Overtaken.
    """
    place = standing.locked(place_id, actor, seen)
    if place.valid_to is None:
        return place
    parent = queries.by_id(place.parent_id) if place.parent_id is not None else None
    if parent is not None and parent.valid_to is not None:
        raise Conflict(_l("The place above this one is closed. Open that one first."))
    if queries.code_taken(place.code, but=place.id):
        raise Rejected(fields={"code": standing.CODE_TAKEN})
    before, place.valid_to, place.successor_id = place.valid_to, None, None
    db.session.flush()
    audit.record(actor, "place.reopen", "place", place.id, now=now, before={"valid_to": before.isoformat()})
    return place


def _facts(place: Place) -> dict[str, Any]:
    return {
        "code": place.code,
        "name": place.name,
        "path": place.path,
        "initials": place.initials,
        "public": place.public,
        "zone_name": place.zone_name,
    }
