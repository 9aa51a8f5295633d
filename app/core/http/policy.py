"""Every route names its policy; one that names none is refused (architecture.md rule 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import g

from app.core.actor import Actor

Policy = Callable[[Actor], bool]
View = TypeVar("View", bound=Callable[..., Any])


def anyone(actor: Actor) -> bool:
    """Open to everybody, signed in or not."""
    return True


def signed_in(actor: Actor) -> bool:
    """Open to every signed-in person; what they may see is decided by the query or the service."""
    return actor.signed_in


def policy(rule: Policy) -> Callable[[View], View]:
    """Name the policy of a view. Goes innermost, right above `def`."""

    def name(view: View) -> View:
        view.policy = rule  # type: ignore[attr-defined]  # the edge reads it from the view
        return view

    return name


def upload(megabytes: int) -> Callable[[View], View]:
    """Let a view take a body of up to so many megabytes (files go to temporary files, not to memory)."""

    def allow(view: View) -> View:
        view.max_body = megabytes * 1024 * 1024  # type: ignore[attr-defined]  # the edge reads it from the view
        return view

    return allow


def current_actor() -> Actor:
    """Who acts in this request."""
    actor: Actor = g.actor
    return actor
