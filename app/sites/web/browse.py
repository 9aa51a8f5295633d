"""The tree of places and one place."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from app.core import forms, seen
from app.core.http import current_actor, policy
from app.sites import labels, policies, queries, search
from app.sites.models import Place
from app.sites.rules import stickers as sticker_codes
from app.sites.rules import tree
from app.sites.schemas import PlaceQuery
from app.sites.web import entry


@entry.blueprint.get("/places")
@policy(policies.may_read)
def places() -> Any:
    """The campuses, or what a search finds (in the whole tree, or below `parent`)."""
    asked = forms.load(PlaceQuery(), {name: given for name, given in request.args.items() if given})
    q, kind = asked["q"], asked["kind"]
    parent = entry.wanted(str(asked["parent"])) if asked["parent"] else None
    searching = bool(q or kind or parent)
    page = search.find(
        entry.today(),
        q=q,
        kinds=[kind] if kind else [],
        parent=parent,
        top=not searching,
        cursor=asked["cursor"],
        limit=asked["limit"],
    )
    fragment = request.headers.get("HX-Request-Type") == "partial"
    return render_template(
        "sites/_list.html" if fragment else "sites/places.html",
        page=page,
        q=q,
        kind=kind,
        parent=parent,
        searching=searching,
        kinds=[{"value": each, "label": labels.KINDS[each]} for each in labels.KINDS],
        url_without_parent=url_for("sites.places", q=q or None, kind=kind),
        url=url_for("sites.places", q=q or None, kind=kind, parent=parent.id if parent else None),
        may_add=current_actor().covers("places.write", None),
    )


@entry.blueprint.get("/places/<place_id>")
@policy(policies.may_read)
def place(place_id: str) -> Any:
    """One place: where it stands, what stands below it, its stickers."""
    found = entry.wanted(place_id)
    return page_of(found)


CHANGES = ("place.edit", "place.move", "place.close", "place.reopen", "place.successor")
"""The acts that change what the page shows of a place."""


def shown(place: Place) -> dict[str, Any]:
    """What of a place its page shows to who closes or opens it."""
    names = ("code", "name", "parent_id", "valid_to", "successor_id")
    return {name: getattr(place, name) for name in names}


def page_of(found: Place, **more: Any) -> str:
    """The page of a place; `more` is what a refused act on it says."""
    actor, on = current_actor(), entry.today()
    may_write = actor.covers("places.write", found)
    may_label = actor.covers("places.stickers", found)
    return render_template(
        "sites/place.html",
        place=found,
        version=seen.mark(shown(found)),
        above=queries.lineage(found.id)[:-1],
        page=search.find(on, parent=found, cursor=request.args.get("cursor")),
        url=url_for("sites.place", place_id=found.id),
        closed=found.over_by(on),
        successor=queries.by_id(found.successor_id) if found.successor_id else None,
        on=on,
        may_write=may_write,
        may_label=may_label,
        kinds_below=tree.kinds_under(found.kind),
        stickers=queries.stickers(found.id) if may_label else [],
        sticker_code=sticker_codes.code_of,
        **more,
    )
