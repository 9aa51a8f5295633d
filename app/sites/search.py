"""Finding places by what people type: in Chinese or in letters, with or without the blanks of a written way."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, case, exists, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from app.core import paging
from app.core.db import db, valid_on
from app.sites.models import Place
from app.sites.queries import below, standing_in
from app.sites.rules import tree


def find(
    on: date,
    *,
    q: str = "",
    parent: Place | None = None,
    kinds: Collection[str] = (),
    top: bool = False,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Any]:
    """One page of valid places as rows (id, parent_id, code, name, kind, path, sort_key, public, has_children).

    `parent` alone gives what stands directly under it; together with `q` or `kinds` it gives what is found
    anywhere below. `top` gives the campuses. `q`: every word must occur in path, code, initials or
    pinyin, whatever blanks and hyphens it is written with; whose own code is the question comes first, then whose name
    or code begins with it, then whose name holds it, then the rest.
    """
    words = tree.terms(q)
    child = aliased(Place)
    has_children = exists().where(
        child.institution_id == Place.institution_id, child.parent_id == Place.id, valid_on(child, on)
    )
    rank = _rank(words) if words else literal_column("0", Integer)
    columns: tuple[Any, ...] = (
        *(Place.id, Place.parent_id, Place.code, Place.name, Place.kind, Place.path, Place.sort_key, Place.public),
        has_children.label("has_children"),
        rank.label("rank"),
    )
    query = select(*columns).where(valid_on(Place, on))
    if top:
        query = query.where(Place.parent_id.is_(None))
    if parent is not None:
        query = query.where(below(parent) if words or kinds else Place.parent_id == parent.id)
    if kinds:
        query = query.where(Place.kind.in_(sorted(kinds)))
    query = query.where(*map(_held, words))
    keys: list[tuple[str, ColumnElement[Any]]] = [("sort_key", Place.sort_key.asc()), ("id", Place.id.asc())]
    return paging.page(query, [("rank", rank.asc()), *keys] if words else keys, cursor, limit)


def replaced(q: str, on: date, limit: int = 5) -> list[tuple[Place, Place]]:
    """Closed places a search means, each with what stands in for it: who looks for the old name finds the new one."""
    words = tree.terms(q)
    if not words:
        return []
    query = select(Place).where(Place.valid_to <= on, Place.successor_id.is_not(None), *map(_held, words))
    old = db.session.scalars(query.order_by(Place.valid_to.desc(), Place.id).limit(limit)).all()
    pairs = ((each, standing_in(each, on)) for each in old)
    return [(each, new) for each, new in pairs if new is not None]


def _held(word: str) -> ColumnElement[bool]:
    """That a place's way, code, initials or pinyin hold a word."""
    sound = tree.sounding(word)
    return _written(word) if sound is None else or_(_written(word), _sounds(Place, sound), _inside_what_sounds(sound))


def _sounds(place: Any, sound: str) -> ColumnElement[bool]:
    """That a place's own name is read so (`tree.sounding`); its key begins with its kind."""
    said: ColumnElement[bool] = func.substr(place.sort_key, 2).regexp_match(sound)
    return said


def _inside_what_sounds(sound: str) -> ColumnElement[bool]:
    """That a place stands in a campus or building read so, or in a building of a zone read so."""
    above, zone = aliased(Place), aliased(Place)
    named = select(above.id).where(above.kind.in_(("campus", "building")), _sounds(above, sound))
    zoned = (
        select(above.id)
        .join(zone, and_(zone.institution_id == above.institution_id, zone.id == above.parent_id))
        .where(above.kind == "building", zone.kind == "zone", _sounds(zone, sound))
    )
    return or_(Place.campus_id.in_(named), Place.building_id.in_(named), Place.building_id.in_(zoned))


def _written(word: str) -> ColumnElement[bool]:
    """That a place's way, code or initials hold a word. Letters alone may be initials, which keep their levels; marks
    that are skipped otherwise (`-`, `_`) are looked for in names and codes, not in what joins the levels of a way."""
    if word.isascii() and word.isalpha():
        return Place.search.contains(word, autoescape=True)
    if not tree.squeezed(word):
        said = func.replace(func.regexp_replace(Place.search, r"\n[^\n]*$", ""), tree.SEPARATOR, " ")
        return said.contains(word, autoescape=True)
    return _squeezed(Place.search).regexp_match(tree.likeness(word))


def _squeezed(text: Any) -> ColumnElement[str]:
    """`tree.squeezed` of a folded text."""
    return func.translate(text, tree.SKIPPED, "")


def _rank(words: Sequence[str]) -> ColumnElement[int]:
    """0: the code is the question; 1: code, name, initials or pinyin begin with it; 2: with its last word; 3: hold the
    last word; 4: the path does."""
    whole, last = "".join(words), words[-1]
    if not tree.squeezed(whole):
        itself = or_(*(func.lower(text).contains(last, autoescape=True) for text in (Place.code, Place.name)))
        return case((itself, 3), else_=4)
    code = _squeezed(func.lower(Place.code))
    own = (code, _squeezed(func.lower(Place.name)), Place.initials)
    return case(
        (code == tree.squeezed(whole), 0),
        (or_(*(_holds(text, whole, begins=True) for text in own), *_read(whole, begins=True)), 1),
        (or_(*(_holds(text, last, begins=True) for text in own), *_read(last, begins=True)), 2),
        (or_(*(_holds(text, last) for text in own), *_read(last)), 3),
        else_=4,
    )


def _read(word: str, *, begins: bool = False) -> tuple[ColumnElement[bool], ...]:
    """That a place's own name is read as a word, or begins so; nothing where the word is no pinyin."""
    sound = tree.sounding(word)
    return () if sound is None else (_sounds(Place, f"^{sound}" if begins else sound),)


def _holds(text: Any, word: str, *, begins: bool = False) -> ColumnElement[bool]:
    """That a squeezed text holds, or begins with, a word; as a pattern only where that says more than its letters."""
    plain, like = tree.squeezed(word), tree.likeness(word)
    found: ColumnElement[bool]
    if like != plain:
        found = text.regexp_match(f"^{like}" if begins else like)
    else:
        found = text.startswith(plain, autoescape=True) if begins else text.contains(plain, autoescape=True)
    return found
