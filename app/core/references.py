"""Which rows something points to, in whatever area: asked of the schema, not of the areas."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, literal, select
from sqlalchemy import func as sql
from sqlalchemy.dialects.postgresql import ARRAY

from app.core.db import Model, Tenant, db

WORDS: dict[str, Any] = {}
"""What the rows of a table are called (lazy texts by the table's name), for whoever is told that they point to his."""


def declare(words: Mapping[str, Any]) -> None:
    """Add an area's words at its import; each table that points to something imported has some, as a test demands."""
    WORDS.update(words)


def referring(
    model: type[Tenant], ids: Collection[int], *, besides: Collection[str] = (), apart_from: Collection[int] = ()
) -> dict[int, str]:
    """For each of the rows that something points to: the name of one table that does.

    References among `ids` themselves, from the tables `besides` and from rows `apart_from` of the own table do not
    count. One statement per pointing column.
    """
    found: dict[int, str] = {}
    if not ids:
        return found
    wanted = literal(sorted(ids), ARRAY(BigInteger))
    own = literal(sorted({*ids, *apart_from}), ARRAY(BigInteger))
    for column in pointing(model):
        if column.table.name in besides:
            continue
        query = select(column).where(column == sql.any(wanted)).distinct()
        if column.table is model.__table__:
            query = query.where(model.id != sql.all(own))
        for row_id in db.session.scalars(query):
            found.setdefault(row_id, column.table.name)
    return found


def pointing(model: type[Tenant]) -> Iterator[Column[int]]:
    """Every column with a foreign key to the table."""
    for table in Model.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if key.referred_table is model.__table__:
                yield from (column for column in key.columns if column.name != "institution_id")
