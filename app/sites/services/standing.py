"""What every change of the tree shares: rights, locks, the rule applied to rows, deriving a subtree anew."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, Text, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from app.core import i18n, pinyin
from app.core.actor import Actor
from app.core.db import constraint_error, current_institution, db, not_over
from app.core.errors import Busy, Conflict, NotFound, Rejected
from app.core.seen import Seen, check
from app.sites import queries, scope_words
from app.sites.models import Place
from app.sites.rules import tree

WRITE = "places.write"
CODE_TAKEN = _l("Another place has this code already. Codes are unique; choose another one.")

constraint_error("uq_place_code_valid", lambda: Rejected(fields={"code": CODE_TAKEN}))


@dataclass(frozen=True, slots=True)
class NewPlace:
    """One place of a bulk insert. Its parent is `parent_id`, or the place of the same batch with `parent_code`."""

    kind: str
    code: str
    name: str
    parent_id: int | None = None
    parent_code: str | None = None
    initials: str | None = None
    public: bool | None = None
    zone_name: str | None = None
    lang: str = "zh-CN"
    valid_from: date | None = None

    @property
    def above(self) -> int | str | None:
        """Id or code of the parent; None at the top."""
        return self.parent_id if self.parent_id is not None else self.parent_code


@dataclass(frozen=True, slots=True)
class Standing:
    """A place others may be inserted under."""

    id: int
    kind: str
    derived: tree.Derived


def derived_of(place: Place) -> tree.Derived:
    """What a stored place repeats of its ancestors."""
    return tree.Derived(place.path, place.campus_id, place.building_id, place.search)


def sort_key(kind: str, name: str) -> str:
    """Where a place of that name stands among its siblings."""
    return tree.sort_key(kind, pinyin.sort_key(tree.in_figures(name)), pinyin.sort_key(name))


def check_fit(kind: str, parent: Place | Standing | None) -> None:
    """Raise Rejected where a place of `kind` may not stand under `parent` (None: at the top)."""
    if parent is None and kind != "campus":
        raise Rejected(fields={"parent_id": _l("Choose the place this one stands in.")})
    if not tree.may_stand_under(kind, parent.kind if parent else None):
        raise Rejected(
            fields={"kind": _l("This kind of place cannot stand there. Choose another kind or another place.")}
        )


def new_row(row: NewPlace, parent_id: int | None, above: tree.Derived | None) -> tuple[dict[str, Any], tree.Derived]:
    initials = tree.fold(row.initials or "") or pinyin.initials(row.name)
    derived = tree.derive(tree.Node(None, parent_id, row.kind, row.code, row.name, initials), above)
    if derived.depth > tree.MAX_DEPTH:
        raise Rejected(fields={"parent_id": _l("Places cannot be nested this deep.")})
    values = {
        "kind": row.kind,
        "parent_id": parent_id,
        "code": row.code,
        "name": row.name,
        "lang": row.lang,
        "initials": initials,
        "sort_key": sort_key(row.kind, row.name),
        "public": row.kind == "outdoor" if row.public is None else row.public,
        "zone_name": time_zone(row.kind, row.zone_name),
        "valid_from": row.valid_from,
        "path": derived.path,
        "search": derived.search,
        "campus_id": derived.campus_id,
        "building_id": derived.building_id,
    }
    return values, derived


_REDERIVE = text(
    """
    UPDATE place SET path = new.path, search = new.search, campus_id = new.campus_id, building_id = new.building_id
    FROM unnest(:ids, :paths, :searches, :campuses, :buildings) AS new(id, path, search, campus_id, building_id)
    WHERE place.institution_id = :institution AND place.id = new.id
    """
).bindparams(
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("ids", "campuses", "buildings")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("paths", "searches")),
)


def rederive(roots: Iterable[int]) -> None:
    """Derive path, search text, campus and building of the places and everything below them anew.

    Two reads and one update, however large the subtree. Raises Rejected for a ring or a tree too deep.
    """
    db.session.flush()
    columns = (Place.id, Place.parent_id, Place.kind, Place.code, Place.name, Place.initials)
    found = db.session.execute(select(*columns).where(Place.id.in_(queries.subtree_ids(roots)))).all()
    nodes = [tree.Node(*row) for row in found]
    inside = {node.id for node in nodes}
    above = queries.by_ids({node.parent_id for node in nodes if node.parent_id is not None} - inside)
    derived = list(tree.derive_all(nodes, {place.id: derived_of(place) for place in above.values()}))
    if len(derived) != len(nodes):
        raise Rejected(fields={"parent_id": _l("A place cannot be moved into itself or below itself.")})
    if any(about.depth > tree.MAX_DEPTH for _node, about in derived):
        raise Rejected(fields={"parent_id": _l("Places cannot be nested this deep.")})
    db.session.execute(
        _REDERIVE,
        {
            "institution": current_institution(),
            "ids": [node.id for node, _about in derived],
            "paths": [about.path for _node, about in derived],
            "searches": [about.search for _node, about in derived],
            "campuses": [about.campus_id for _node, about in derived],
            "buildings": [about.building_id for _node, about in derived],
        },
    )
    for loaded in list(db.session.identity_map.values()):
        if isinstance(loaded, Place) and loaded.id in inside:
            db.session.expire(loaded, ["path", "search", "campus_id", "building_id"])


def changeable(place_id: int, actor: Actor) -> Place:
    """The place, where the actor may change it. Raises NotFound, NotAllowed."""
    place = queries.by_id(place_id)
    if place is None:
        raise NotFound
    must_cover(actor, [place])
    return place


def locked(place_id: int, actor: Actor, seen: Seen | None = None) -> Place:
    """The place under the lock of its campus, as the actor saw it. Raises NotFound, NotAllowed, Busy, Overtaken."""
    place = changeable(place_id, actor)
    lock_campuses([place])
    check(place, seen)
    return place


def must_cover(actor: Actor, places: Iterable[Place | None]) -> None:
    """Raises NotAllowed, which says of the first that is outside of the actor's scope where it lies."""
    for place in places:
        scope_words.require(actor, place, WRITE)


def lock_campuses(places: Sequence[Place], *, share: bool = False) -> None:
    """Lock the campuses of the places, in id order, then read the places again.

    Whoever changes what others repeat locks the campus alone; those who add share it. Raises Busy for a place
    that changed its campus while we waited.
    """
    campuses = {place.id: place.campus_id for place in places}
    db.session.execute(
        select(Place.id)
        .where(Place.id.in_({campus for campus in campuses.values() if campus is not None}))
        .order_by(Place.id)
        .with_for_update(read=share, key_share=not share)
    ).all()
    again = select(Place).where(queries.among(campuses)).execution_options(populate_existing=True)
    db.session.scalars(again).all()
    if any(place.campus_id != campuses[place.id] for place in places):
        raise Busy(_l("Somebody else is changing this just now. Try again in a moment."))


def check_nothing_below(place_ids: Collection[int], on: date) -> None:
    still = db.session.execute(
        select(Place.id)
        .where(
            Place.parent_id.in_(list(place_ids)),
            Place.id.not_in(list(place_ids)),
            not_over(Place, on),
        )
        .limit(1)
    ).first()
    if still is not None:
        raise Conflict(_l("Places still stand below this one. Close or move them first."))


def time_zone(kind: str, name: str | None) -> str | None:
    """The zone of a campus (default the usual one); None for every other kind."""
    if kind != "campus":
        return None
    wanted = name or i18n.DEFAULT_ZONE
    if wanted not in zoneinfo.available_timezones():
        raise Rejected(fields={"zone_name": _l("This time zone is not known. Write it like Asia/Shanghai.")})
    return wanted
