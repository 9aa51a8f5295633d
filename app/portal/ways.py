"""Ways to pages: an address only where there is a page and its policy lets the reader in, so no link leads nowhere."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for

from app.core.actor import Actor


def way(actor: Actor, endpoint: str, **values: Any) -> str | None:
    """The address of a page the actor may open, else None."""
    view = current_app.view_functions.get(endpoint)
    rule = getattr(view, "policy", None)
    if rule is None or not rule(actor):
        return None
    return url_for(endpoint, **values)
