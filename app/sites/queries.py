"""Reading places: by id and code, down the tree, by search, by sticker. Every list is valid-now and keyset paged."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from app.audit import labels as audit_labels
from app.core import i18n
from app.core.db import db, one_of, valid_on
from app.sites.models import Place, PlaceAlias, PlaceSticker
from app.sites.rules import aliases
from app.sites.rules import stickers as codes

LARGEST_SCAN = 20_000  # places of an institution; up to here a plain filter is the search (architecture.md)


def today(now: datetime) -> date:
    """The day on the campus at an instant: validity is by local days."""
    return now.astimezone(i18n.zone()).date()


def standing_in(place: Place, on: date) -> Place | None:
    """The place that is there on a day: itself, else its successor, else that of what it stood in; None: nothing is.

    Successors may have successors; who was replaced by what it replaced ends in nothing.
    """
    passed: set[int] = set()
    found: Place | None = place
    while found is not None and not found.holds_on(on):
        if found.id in passed:
            return None
        passed.add(found.id)
        named = next((each for each in reversed(lineage(found.id)) if each.successor_id is not None), None)
        found = by_id(named.successor_id) if named is not None and named.successor_id is not None else None
    return found


def among(place_ids: Iterable[int]) -> ColumnElement[bool]:
    """The places of these ids."""
    return one_of(Place.id, place_ids)


def by_id(place_id: int) -> Place | None:
    """A place, closed ones included: history points to them."""
    return db.session.scalars(select(Place).where(Place.id == place_id)).first()


def zone_of(place: Place) -> str | None:
    """The zone of a place's campus (an IANA name); None where it has none of its own."""
    return db.session.scalar(select(Place.zone_name).where(Place.id == place.campus_id))


def by_ids(place_ids: Collection[int]) -> dict[int, Place]:
    """Places by id, closed ones included; unknown ids are absent. One statement."""
    if not place_ids:
        return {}
    return {place.id: place for place in db.session.scalars(select(Place).where(among(place_ids)))}


def by_codes(codes: Collection[str]) -> dict[str, Place]:
    """The valid (not closed) places of these codes. One statement, however many."""
    if not codes:
        return {}
    wanted = literal(sorted(set(codes)), ARRAY(Text))
    rows = db.session.scalars(select(Place).where(Place.code == func.any(wanted), Place.valid_to.is_(None)))
    return {place.code: place for place in rows}


def paths(place_ids: Collection[int]) -> dict[int, str]:
    """The readable way to each place; for lists that show places of other things."""
    if not place_ids:
        return {}
    rows = db.session.execute(select(Place.id, Place.path).where(among(place_ids)))
    return {row.id: row.path for row in rows}


audit_labels.declare(names={"place": audit_labels.named_by(Place.id, Place.path)})


def lineage(place_id: int) -> list[Place]:
    """The place and what it stands in, the campus first; empty for an unknown id."""
    start = select(Place.institution_id, Place.id, Place.parent_id, literal(0, Integer).label("up")).where(
        Place.id == place_id
    )
    climb = start.cte("climb", recursive=True)
    climb = climb.union_all(
        select(Place.institution_id, Place.id, Place.parent_id, climb.c.up + 1).join(
            climb, and_(Place.institution_id == climb.c.institution_id, Place.id == climb.c.parent_id)
        )
    )
    query = (
        select(Place)
        .join(climb, and_(Place.institution_id == climb.c.institution_id, Place.id == climb.c.id))
        .order_by(climb.c.up.desc())
    )
    return list(db.session.scalars(query))


def ancestry(place_ids: Collection[int]) -> frozenset[int]:
    """The ids of the places and of all they stand in. One statement."""
    if not place_ids:
        return frozenset()
    climb = select(Place.institution_id, Place.id, Place.parent_id).where(among(place_ids)).cte("up", recursive=True)
    climb = climb.union(
        select(Place.institution_id, Place.id, Place.parent_id).join(
            climb, and_(Place.institution_id == climb.c.institution_id, Place.id == climb.c.parent_id)
        )
    )
    return frozenset(db.session.scalars(select(climb.c.id)))


def subtree(place_ids: Iterable[int]) -> Select[tuple[int, int]]:
    """Select of (institution_id, id) of the places and everything below them, closed ones included.

    Meant as a sub-select: `Place.id.in_(subtree_ids([floor_id]))`.
    """
    down = select(Place.institution_id, Place.id).where(among(place_ids)).cte("down", recursive=True)
    down = down.union(
        select(Place.institution_id, Place.id).join(
            down, and_(Place.institution_id == down.c.institution_id, Place.parent_id == down.c.id)
        )
    )
    return select(down.c.institution_id, down.c.id)


def subtree_ids(place_ids: Iterable[int]) -> Select[tuple[int]]:
    """The ids alone of `subtree`."""
    down = subtree(place_ids).subquery()
    return select(down.c.id)


def below(place: Place) -> ColumnElement[bool]:
    """Everything below a place, itself left out; by one indexed column where it is a campus or a building."""
    inside = {"campus": Place.campus_id == place.id, "building": Place.building_id == place.id}
    return and_(inside.get(place.kind, Place.id.in_(subtree_ids([place.id]))), Place.id != place.id)


def descendants(place: Place, on: date) -> list[Place]:
    """The valid places below a place (itself left out), in the order of the tree; for labels and exports."""
    rows = db.session.scalars(
        select(Place).where(below(place), valid_on(Place, on)).order_by(Place.id).limit(LARGEST_SCAN)
    )
    return in_tree_order(list(rows), place.id)


def count_below(place: Place, on: date) -> dict[str, int]:
    """How many valid places of each kind stand anywhere below a place; kinds without any are absent."""
    rows = db.session.execute(
        select(Place.kind, func.count().label("places")).where(below(place), valid_on(Place, on)).group_by(Place.kind)
    )
    return {row.kind: row.places for row in rows}


def in_tree_order(places: Sequence[Place], root_id: int | None) -> list[Place]:
    """The places below `root_id`, each after its parent, siblings by sort key."""
    below: dict[int | None, list[Place]] = {}
    for place in sorted(places, key=lambda each: (each.sort_key, each.id), reverse=True):
        below.setdefault(place.parent_id, []).append(place)
    ordered: list[Place] = []
    waiting = below.get(root_id, [])[:]
    while waiting:
        place = waiting.pop()
        ordered.append(place)
        waiting += below.get(place.id, [])
    return ordered


def nearest(said: Collection[str], on: date, limit: int = 3) -> dict[str, list[Any]]:
    """For each text the valid places whose way holds most of it, as rows (id, path, kind); the nearest first.

    A suggestion for a person to judge. One plain scan for all texts, as the search of places is.
    """
    wanted = sorted({piece for text in said for piece in aliases.pieces(text)})
    if not wanted:
        return {}
    holds = or_(*(Place.search.contains(piece, autoescape=True) for piece in wanted[:200]))
    query = (
        select(Place.id, Place.path, Place.kind)
        .where(valid_on(Place, on), holds)
        .order_by(Place.id)
        .limit(LARGEST_SCAN)
    )
    rows = db.session.execute(query).all()
    found: dict[str, list[Any]] = {}
    for text in said:
        ranked = sorted(((aliases.nearness(text, row.path), row) for row in rows), key=lambda each: -each[0])
        found[text] = [row for nearness, row in ranked[:limit] if nearness > 0]
    return found


def places_of_words(said: Collection[str], on: date) -> dict[str, Place]:
    """By the key of each text the place staff has said it means, or what stands in for it; those of none are left out.

    One statement, and what `standing_in` takes for each place that is closed.
    """
    keys = set(filter(None, map(aliases.key, said)))
    if not keys:
        return {}
    query = (
        select(PlaceAlias.key, Place)
        .join(Place, and_(PlaceAlias.institution_id == Place.institution_id, PlaceAlias.place_id == Place.id))
        .where(PlaceAlias.key.in_(keys))
    )
    meant = {row.key: standing_in(row.Place, on) for row in db.session.execute(query).all()}
    return {key: place for key, place in meant.items() if place is not None}


def place_of_words(text: str, on: date) -> Place | None:
    """The place staff has said the words mean, or what stands in for it; None where they were never named."""
    return places_of_words([text], on).get(aliases.key(text))


def code_taken(code: str, *, but: int | None = None) -> bool:
    """Whether a valid place other than `but` has the code."""
    query = select(Place.id).where(Place.code == code, Place.valid_to.is_(None))
    if but is not None:
        query = query.where(Place.id != but)
    return db.session.execute(query.limit(1)).first() is not None


def sticker_digest(secret: str) -> bytes:
    """How a sticker's secret is stored: its SHA-256; slow hashing adds nothing to 128 random bits."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def place_by_sticker(token: str, on: date) -> Place | None:
    """The valid place a scanned sticker stands for; None for an unknown or revoked one."""
    query = (
        select(Place)
        .join(
            PlaceSticker, and_(PlaceSticker.institution_id == Place.institution_id, PlaceSticker.place_id == Place.id)
        )
        .where(PlaceSticker.token_hash == sticker_digest(token), PlaceSticker.revoked_at.is_(None), valid_on(Place, on))
    )
    return db.session.scalars(query).first()


def places_by_sticker_code(typed: str, on: date) -> Sequence[Place]:
    """The valid places whose stickers in use bear a printed code: one, or hardly ever two; none for any other text."""
    between = codes.hashes(typed)
    if between is None:
        return ()
    first, after = between
    query = (
        select(Place)
        .join(
            PlaceSticker, and_(PlaceSticker.institution_id == Place.institution_id, PlaceSticker.place_id == Place.id)
        )
        .where(PlaceSticker.token_hash >= first, PlaceSticker.revoked_at.is_(None), valid_on(Place, on))
        .order_by(PlaceSticker.id)
    )
    if after is not None:
        query = query.where(PlaceSticker.token_hash < after)
    return db.session.scalars(query).all()


def place_of_sticker(token: str, on: date) -> tuple[Place, Place | None] | None:
    """What a scanned sticker leads to: the place to report for, and the one it hung at where that is gone.

    None for an unknown or revoked sticker, and where nothing stands in for its place.
    """
    query = (
        select(Place)
        .join(
            PlaceSticker, and_(PlaceSticker.institution_id == Place.institution_id, PlaceSticker.place_id == Place.id)
        )
        .where(PlaceSticker.token_hash == sticker_digest(token), PlaceSticker.revoked_at.is_(None))
    )
    place = db.session.scalars(query).first()
    if place is None:
        return None
    found = standing_in(place, on)
    return None if found is None else (found, place if found.id != place.id else None)


def stickers(place_id: int, limit: int = 50) -> Sequence[PlaceSticker]:
    """The newest stickers of a place, revoked ones included."""
    return db.session.scalars(
        select(PlaceSticker).where(PlaceSticker.place_id == place_id).order_by(PlaceSticker.id.desc()).limit(limit)
    ).all()


def with_stickers(place_ids: Collection[int]) -> set[int]:
    """Those of the places that have a sticker in use."""
    if not place_ids:
        return set()
    query = select(PlaceSticker.place_id).where(
        PlaceSticker.place_id.in_(set(place_ids)), PlaceSticker.revoked_at.is_(None)
    )
    return set(db.session.scalars(query.distinct()))
