"""The blueprint of planning."""

from __future__ import annotations

from app.core.http import ApiBlueprint

blueprint = ApiBlueprint(
    "planning", "app.tickets.api.planning", description="Who can be offered work, where and when, and who leads"
)
