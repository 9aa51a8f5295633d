"""Changing thousands of places at once, for imports and the demo campus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, Boolean, Date, Text, bindparam, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from app.audit import services as audit
from app.core import pinyin
from app.core.actor import Actor
from app.core.db import current_institution, db, plan_anew
from app.core.errors import NotFound, Rejected
from app.sites import queries
from app.sites.models import Place
from app.sites.services import standing
from app.sites.services.standing import NewPlace, Standing


@dataclass(frozen=True, slots=True)
class PlaceChange:
    """What a bulk change says anew of one place; None leaves a member as it is."""

    id: int
    name: str | None = None
    parent_id: int | None = None
    public: bool | None = None


def _insert_level(rows: Sequence[NewPlace], known: Mapping[int | str, Standing]) -> list[Standing]:
    """Insert places whose parents all stand; one statement for them, one for the ids a building repeats of itself."""
    values, derived = [], []
    for row in rows:
        parent = None if row.above is None else known[row.above]
        standing.check_fit(row.kind, parent)
        made, about = standing.new_row(row, parent.id if parent else None, parent.derived if parent else None)
        values.append(made)
        derived.append(about)
    plan_anew()
    ids = [made for at in range(0, len(values), CHUNK) for made in _insert(values[at : at + CHUNK])]
    found = []
    for place_id, row, about in zip(ids, rows, derived, strict=True):
        campus_id = place_id if row.kind == "campus" else about.campus_id
        building_id = place_id if row.kind == "building" else about.building_id
        found.append(Standing(place_id, row.kind, replace(about, campus_id=campus_id, building_id=building_id)))
    for kind, column in (("campus", Place.campus_id), ("building", Place.building_id)):
        own_ids = [each.id for each in found if each.kind == kind]
        if own_ids:
            db.session.execute(
                update(Place)
                .where(Place.id.in_(own_ids))
                .values({column: Place.id})
                .execution_options(synchronize_session=False)
            )
    return found


CHUNK = 2000  # rows of one statement, well below the statement's time limit
_TYPES: dict[str, type[Any]] = {"parent_id": BigInteger, "campus_id": BigInteger, "building_id": BigInteger}
_TYPES |= {"public": Boolean, "valid_from": Date}


def _insert(values: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows in one statement with one array per column; their ids, in order (codes are unique)."""
    names = list(values[0])
    given = (
        func.unnest(
            *(
                bindparam(name, [row[name] for row in values], ARRAY(_TYPES.get(name, Text)), unique=True)
                for name in names
            )
        )
        .table_valued(*names, name="given")
        .render_derived()
    )
    rows = select(literal(current_institution()), *(given.c[name] for name in names))
    made = insert(Place).from_select(["institution_id", *names], rows, include_defaults=False)
    by_code = {code: place_id for place_id, code in db.session.execute(made.returning(Place.id, Place.code))}
    return [by_code[row["code"]] for row in values]


def insert_places(rows: Sequence[NewPlace], *, actor: Actor, now: datetime) -> list[int]:
    """Insert thousands of places, level by level; returns their ids in the order of `rows`.

    Parents may be among the rows (by `parent_code`), in any order. Raises Rejected for a row that does not fit
    under its parent or whose parent is in neither; repeated codes are refused by the table. One audit entry counts.
    """
    above = queries.by_ids({row.parent_id for row in rows if row.parent_id is not None})
    standing.must_cover(actor, [*above.values(), *(None for row in rows if row.above is None)])
    standing.lock_campuses(list(above.values()), share=True)
    known: dict[int | str, Standing] = {
        place.id: Standing(place.id, place.kind, standing.derived_of(place)) for place in above.values()
    }
    ids: dict[int, int] = {}
    waiting = list(enumerate(rows))
    while waiting:
        ready = [(at, row) for at, row in waiting if row.above is None or row.above in known]
        if not ready:
            raise Rejected(_l("The place above “%(code)s” is not known.", code=waiting[0][1].code))
        for (at, row), made in zip(ready, _insert_level([row for _at, row in ready], known), strict=True):
            ids[at] = made.id
            known[row.code] = made
        waiting = [(at, row) for at, row in waiting if at not in ids]
    audit.record(actor, "place.insert", "place", None, now=now, after={"count": len(rows)})
    return [ids[at] for at in range(len(rows))]


def change_places(changes: Sequence[PlaceChange], *, actor: Actor, now: datetime) -> None:
    """Rename or move thousands of places; everything below follows, in one statement set.

    Raises NotFound for an unknown id, Rejected where a place does not fit under its new parent.
    """
    places = queries.by_ids({change.id for change in changes})
    parents = queries.by_ids({change.parent_id for change in changes if change.parent_id is not None})
    standing.must_cover(actor, [*places.values(), *parents.values()])
    standing.lock_campuses([*places.values(), *parents.values()])
    for change in changes:
        place = places.get(change.id)
        if place is None:
            raise NotFound
        _apply(place, change, parents)
    standing.rederive(places)
    audit.record(actor, "place.change", "place", None, now=now, after={"count": len(changes)})


def _apply(place: Place, change: PlaceChange, parents: Mapping[int, Place]) -> None:
    if change.name is not None and change.name != place.name:
        place.name = change.name
        place.initials = pinyin.initials(change.name)
        place.sort_key = standing.sort_key(place.kind, change.name)
    if change.public is not None:
        place.public = change.public
    if change.parent_id is not None and change.parent_id != place.parent_id:
        standing.check_fit(place.kind, parents.get(change.parent_id))
        place.parent_id = change.parent_id


def close_places(place_ids: Sequence[int], on: date, *, actor: Actor, now: datetime) -> None:
    """Close many places at once. Raises Conflict where something valid that is not among them stands below one."""
    places = queries.by_ids(place_ids)
    standing.must_cover(actor, places.values())
    standing.lock_campuses(list(places.values()))
    standing.check_nothing_below(places, on)
    db.session.execute(
        update(Place)
        .where(Place.id.in_(list(places)), Place.valid_to.is_(None))
        .values(valid_to=on)
        .execution_options(synchronize_session="fetch")
    )
    audit.record(actor, "place.close", "place", None, now=now, after={"count": len(places), "valid_to": on.isoformat()})
