"""The blueprint of feedback, and what waits for its staff."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g

from app.core import clock
from app.core.actor import Actor
from app.portal.queries import feedback as queries

blueprint = Blueprint("feedback", __name__, url_prefix="/feedback")


def waiting(actor: Actor) -> Any:
    """How many open ones wait for somebody as staff; asked once per request."""
    if "feedback_waiting" not in g:
        g.feedback_waiting = queries.waiting(actor, clock.now())
    return g.feedback_waiting


def waiting_count(actor: Actor) -> int | None:
    """The number beside the entry of the navigation."""
    found: int = waiting(actor).open
    return found or None
