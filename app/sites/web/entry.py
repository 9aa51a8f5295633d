"""What the pages of places share."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint

from app.core import clock
from app.core.errors import NotFound
from app.core.forms import parse_id
from app.core.http import current_actor
from app.sites import labels, queries, scope_words
from app.sites.models import Place
from app.sites.rules import tree

blueprint = Blueprint("sites", __name__)


@blueprint.context_processor
def _words() -> dict[str, object]:
    return {"place_kinds": labels.KINDS, "place_icons": labels.ICONS}


@blueprint.app_template_filter("place_above")
def place_above(place: Any) -> str:
    """The way to a place without the place itself, for lines that begin with its name."""
    return tree.above(place.path, place.name)


blueprint.add_app_template_filter(tree.near, "place_near")
blueprint.add_app_template_filter(tree.far, "place_far")


def today() -> date:
    """The present day on the campus."""
    return queries.today(clock.now())


def wanted(given: str | None) -> Place:
    """The place of an id in an address, closed ones included. Raises NotFound."""
    place_id = parse_id(given)
    place = queries.by_id(place_id) if place_id is not None else None
    if place is None:
        raise NotFound
    return place


def mine(given: str | None, permission: str = "places.write") -> Place:
    """The same, where the reader may change it. Raises NotFound, NotAllowed."""
    found = wanted(given)
    scope_words.require(current_actor(), found, permission)
    return found


def with_choice(address: str, name: str, value: int) -> str:
    """A local address with `name=value` in its query, in the place of an earlier choice."""
    parts = urlsplit(address)
    query = [(key, given) for key, given in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return f"{parts.path}?{urlencode([*query, (name, str(value))])}"
