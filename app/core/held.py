"""Rows that people edit side by side: locked, and refused where somebody else was quicker."""

from __future__ import annotations

from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, select

from app.core.db import Tenant, db
from app.core.errors import NotFound, Stale

QUICKER = _l("Somebody was quicker: it has changed meanwhile. Look at it again.")

Row = TypeVar("Row", bound=Tenant)
Query = TypeVar("Query", bound=Select[Any])


def locking(query: Query, *, share: bool = False, of: Any = None) -> Query:
    """A query of rows as objects: locked, and read anew where this session has read them before.

    Without the second, whoever waited for the lock would judge what he had seen, and write over what he waited for.
    `share`: with others who only need that nobody changes them, such as those who add to what they hold.
    """
    locked = query.with_for_update(read=share, key_share=not share, of=of)
    return locked.execution_options(populate_existing=True)


def held(model: type[Row], row_id: int, *conditions: ColumnElement[bool], share: bool = False) -> Row:
    """The row as it is now, locked (`share` as in `locking`), where the conditions let one have it. Raises NotFound."""
    query = select(model).where(model.id == row_id, *conditions)
    found = db.session.scalars(locking(query, share=share)).one_or_none()
    if found is None:
        raise NotFound
    return found


def unchanged(version: int, seen: int | None, **current: Any) -> None:
    """Raise Stale where the version somebody saw (None: he does not say) is not the present one.

    `current` is what he is told beside it of how the row stands.
    """
    if seen is not None and seen != version:
        raise Stale(QUICKER, current={**current, "version": version})
