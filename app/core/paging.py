"""Keyset paging: the next page begins after the last row's key, whatever was added meanwhile; never offset."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, Subquery, and_, or_
from sqlalchemy.sql.elements import ColumnElement, UnaryExpression
from sqlalchemy.sql.operators import desc_op

from app.core.db import db
from app.core.errors import Rejected
from app.core.prepared import Reading, number, value

DEFAULT_LIMIT = 50
NOT_OURS = _l("This page mark is not valid. Begin at the first page.")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page. `next` is the cursor of the following page or None."""

    items: Sequence[T]
    next: str | None


def encode(values: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode(cursor: str, size: int) -> list[Any]:
    """The key values of a cursor; raises Rejected for one we did not make."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        values = orjson.loads(raw)
    except (ValueError, binascii.Error, UnicodeEncodeError) as error:
        raise Rejected(fields={"cursor": NOT_OURS}) from error
    if not isinstance(values, list) or len(values) != size:
        raise Rejected(fields={"cursor": NOT_OURS})
    return values


def page(
    query: Select[Any],
    keys: Sequence[tuple[str, ColumnElement[Any]]],
    cursor: str | None,
    limit: int = DEFAULT_LIMIT,
    *,
    scalars: bool = False,
    mark: Callable[[Any, str], Any] = getattr,
) -> Page[Any]:
    """One page of `query`.

    `keys`: (attribute name of a result row, ordering column with .asc()/.desc()), the last one unique.
    `scalars` for a select of one entity. Runs exactly one statement.
    """
    ordering = [column for _name, column in keys]
    if cursor:
        query = query.where(_after(keys, decode(cursor, len(keys))))
    query = query.order_by(*ordering).limit(limit + 1)
    rows: Sequence[Any] = list(db.session.scalars(query).unique()) if scalars else db.session.execute(query).all()
    if len(rows) <= limit:
        return Page(rows, None)
    kept = rows[:limit]
    return Page(kept, encode([_plain(mark(kept[-1], name)) for name, _column in keys]))


def woven(first: Page[T], second: Page[T], key: str, limit: int) -> Page[T]:
    """Two pages of one order (descending by the one key, from the same cursor) as one."""
    both = sorted([*first.items, *second.items], key=lambda row: getattr(row, key), reverse=True)
    more = len(both) > limit or first.next is not None or second.next is not None
    kept = both[:limit]
    return Page(kept, encode([getattr(kept[-1], key)]) if more and kept else None)


class Listing:
    """One list, compiled once for all who ask for it in the same shape.

    `which` finds the rows and selects their `keys` alone, by the names of `keys`; it is ordered and cut to the page
    before anything is joined. `show` gives the statement of what is shown of that page, which it joins on. `after`: the
    page follows a cursor.
    """

    __slots__ = ("_keys", "_limit", "_reading")

    def __init__(
        self,
        which: Select[Any],
        keys: Sequence[tuple[str, ColumnElement[Any]]],
        show: Callable[[Subquery], Select[Any]],
        *,
        after: bool,
        limit: int,
    ) -> None:
        if after:
            which = which.where(_beyond(keys, [value(f"after_{name}", _bare(key).type) for name, key in keys]))
        cut = which.order_by(*(column for _name, column in keys)).limit(number(limit + 1)).subquery("page")
        ordering = [cut.c[name].desc() if _descends(key) else cut.c[name].asc() for name, key in keys]
        self._keys, self._limit = keys, limit
        self._reading = Reading(show(cut).order_by(*ordering))

    def page(self, cursor: str | None, **given: Any) -> Page[Any]:
        """The page after a cursor; exactly one statement."""
        if cursor:
            marks = decode(cursor, len(self._keys))
            given |= {
                f"after_{name}": _typed(_bare(key), mark) for (name, key), mark in zip(self._keys, marks, strict=True)
            }
        rows = self._reading.rows(given)
        if len(rows) <= self._limit:
            return Page(rows, None)
        kept = rows[: self._limit]
        return Page(kept, encode([_plain(getattr(kept[-1], name)) for name, _key in self._keys]))


def _plain(found: Any) -> Any:
    return found.isoformat() if isinstance(found, datetime) else found


def _after(keys: Sequence[tuple[str, ColumnElement[Any]]], values: Sequence[Any]) -> ColumnElement[bool]:
    """The condition of a cursor with its values."""
    return _beyond(keys, [_typed(_bare(column), value) for (_name, column), value in zip(keys, values, strict=True)])


def _beyond(keys: Sequence[tuple[str, ColumnElement[Any]]], marks: Sequence[Any]) -> ColumnElement[bool]:
    """(a, b) after (x, y): a beyond x, or a = x and b beyond y; NULLs are not keys."""
    alternatives: list[ColumnElement[bool]] = []
    for depth, (_name, ordered) in enumerate(keys):
        column = _bare(ordered)
        beyond = column < marks[depth] if _descends(ordered) else column > marks[depth]
        equal = [_bare(earlier) == mark for (_n, earlier), mark in zip(keys[:depth], marks[:depth], strict=True)]
        alternatives.append(and_(*equal, beyond))
    return or_(*alternatives)


def _descends(ordered: ColumnElement[Any]) -> bool:
    return isinstance(ordered, UnaryExpression) and ordered.modifier is desc_op


def _bare(ordered: ColumnElement[Any]) -> ColumnElement[Any]:
    return ordered.element if isinstance(ordered, UnaryExpression) else ordered


def _typed(column: ColumnElement[Any], given: Any) -> Any:
    """The cursor's plain value as the column's Python type; raises Rejected for one that does not fit."""
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return given
    try:
        if kind is datetime:
            return datetime.fromisoformat(given)
        if kind is int and (not isinstance(given, int) or abs(given) >= 2**63):
            raise ValueError(given)
        return kind(given)
    except (TypeError, ValueError) as error:
        raise Rejected(fields={"cursor": NOT_OURS}) from error
