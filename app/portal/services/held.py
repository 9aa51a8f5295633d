"""Rows that people edit side by side: locked, and refused where somebody else was quicker."""

from __future__ import annotations

from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.db import db
from app.core.errors import NotFound, Stale
from app.portal.models import Answer, DutyContact

Row = TypeVar("Row", Answer, DutyContact)


def held(model: type[Row], row_id: int, seen: int | None) -> Row:
    """The row that is not closed, locked. Raises NotFound, Stale where `seen` is no longer its version."""
    found = db.session.scalars(
        select(model).where(model.id == row_id, model.valid_to.is_(None)).with_for_update(key_share=True)
    ).first()
    if found is None:
        raise NotFound
    unchanged(found.version, seen)
    return found


def unchanged(version: int, seen: int | None, **current: Any) -> None:
    """Raise Stale where the version somebody saw (None: he does not say) is not the present one."""
    if seen is not None and seen != version:
        raise Stale(
            _l("Somebody was quicker: it has changed meanwhile. Look at it again."),
            current={**current, "version": version},
        )
