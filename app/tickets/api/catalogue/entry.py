"""The blueprint of those who edit the catalogue."""

from __future__ import annotations

from app.core.http import ApiBlueprint

blueprint = ApiBlueprint(
    "catalogue", "app.tickets.api.catalogue", description="What can be reported, as its editors keep it"
)
