"""Answers and contacts that people edit side by side."""

from __future__ import annotations

from typing import TypeVar

from app.core.held import held as row_held
from app.core.held import unchanged
from app.portal.models import Answer, DutyContact

Row = TypeVar("Row", Answer, DutyContact)


def held(model: type[Row], row_id: int, seen: int | None) -> Row:
    """The row that is not closed, locked. Raises NotFound, Stale where `seen` is no longer its version."""
    found = row_held(model, row_id, model.valid_to.is_(None))
    unchanged(found.version, seen)
    return found
