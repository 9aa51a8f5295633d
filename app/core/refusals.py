"""The refusal of somebody who lacks a right: it names the right and who has it, at the edge and in services alike.

What it says is asked of a callable that wiring installs: roles and their words belong to accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import current_app

from app.core.actor import Actor
from app.core.errors import NotAllowed

Rule = Callable[[Actor], bool]
Explain = Callable[[Actor, Rule], Any]
"""Gives a lazy sentence, or None."""


def lacking(actor: Actor, rule: Rule) -> NotAllowed:
    """The refusal of an act that is open to whoever `rule` lets in; general words where no right would open it."""
    if not actor.signed_in:
        return NotAllowed()
    explain: Explain | None = current_app.extensions.get("houqin_explain_refusal")
    return NotAllowed(explain(actor, rule) if explain is not None else None)


def permit(actor: Actor, rule: Rule) -> None:
    """Raise `lacking` where `rule` does not let the actor in."""
    if not rule(actor):
        raise lacking(actor, rule)
