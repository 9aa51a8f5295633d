"""Macros that can be used, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import select

from app.core.db import db
from app.core.errors import NotFound
from app.core.prepared import Question, Reading
from app.tickets.models import Macro

AT_MOST = 100


@cache
def _usable() -> Reading:
    columns = (Macro.id, Macro.name, Macro.act, Macro.reason, Macro.days, Macro.note, Macro.message, Macro.position)
    return Reading(
        select(*columns, Macro.version)
        .where(Macro.valid_to.is_(None))
        .order_by(Macro.position, Macro.id)
        .limit(AT_MOST)
    )


def usable() -> Sequence[Any]:
    """Those that are not closed. One statement."""
    return asked().rows()


def asked() -> Question:
    """The same, to be asked with others."""
    return Question(_usable(), {})


def one(macro_id: int) -> Macro:
    """One that is not closed. Raises NotFound."""
    found = db.session.scalars(select(Macro).where(Macro.id == macro_id, Macro.valid_to.is_(None))).first()
    if found is None:
        raise NotFound
    return found
