"""A matter under its lock, and the event of whatever is done to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict
from app.core.held import held as row_held
from app.core.held import unchanged
from app.portal.models import Feedback, FeedbackEvent
from app.portal.rules import feedback as rules
from app.portal.rules.feedback import Act, Status

AUTHOR = "author"
"""The kind of actor that holds the secret of a receipt."""


def held(feedback_id: int, condition: ColumnElement[bool], *, seen: int | None = None) -> Feedback:
    """The matter, locked, where `condition` lets the actor have it. Raises NotFound, Stale."""
    found = row_held(Feedback, feedback_id, condition)
    unchanged(found.version, seen, state=found.status, assignee=found.handler_id)
    return found


def possible(matter: Feedback, act: Act) -> rules.Row:
    """The line of the table for an act. Raises Conflict where it has no such move."""
    try:
        return rules.row(Status(matter.status), act)
    except rules.NotPossible as error:
        raise Conflict(_l(error.message), state=matter.status) from error


def move(matter: Feedback, act: Act, *, actor: Actor | None, now: datetime, **event: Any) -> FeedbackEvent:
    """Do an act: one event, and the status and version it leads to. `actor` None: its author by the secret.

    `event` may carry `text`, `person_id`, `data` and `audience`. Raises Conflict where the table has no such move.
    """
    row = possible(matter, act)
    made = FeedbackEvent(
        feedback_id=matter.id,
        at=now,
        cycle=matter.cycle,
        kind=act.value,
        from_state=matter.status if row.to else None,
        to_state=row.to.value if row.to else None,
        actor_kind=AUTHOR if actor is None else actor.kind,
        actor_id=None if actor is None else actor.id,
        **{"audience": "everyone", **event},
    )
    if row.to is not None:
        matter.status = row.to.value
        matter.version += 1
    db.session.add(made)
    return made
