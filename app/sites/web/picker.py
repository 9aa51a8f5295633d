"""Choosing a place for a form: a fragment inside it, or a page that comes back to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for

from app.core import pages
from app.core.errors import NotFound
from app.core.forms import parse_id
from app.core.http import policy
from app.sites import policies, queries, search
from app.sites.models import PLACE_KINDS, Place
from app.sites.web import entry

_FIELD = re.compile(r"^[a-z][a-z0-9_]{0,40}$")


@dataclass(frozen=True, slots=True)
class Choice:
    """One line: a place, whether it may be chosen, where its children are, where choosing it leads (pages only).

    `instead_of`: the search named a place that is gone; this one stands in for it.
    """

    place: Any
    selectable: bool
    open_url: str | None
    choose_url: str | None
    instead_of: str | None = None


@entry.blueprint.get("/places/pick")
@policy(policies.may_read)
def pick() -> Any:
    """What a search (`q`) or a step into a place (`parent`) finds.

    `name` is the form's field, `kinds` what may be chosen; `back` (pages) the address that gets `?<name>=<id>`.
    """
    name = request.args.get("name", "place_id")
    if not _FIELD.match(name):
        raise NotFound
    q = (request.args.get(f"{name}_q") or request.args.get("q") or "")[:100]
    parent = entry.wanted(request.args["parent"]) if request.args.get("parent") else None
    fragment = request.headers.get("HX-Request-Type") == "partial"
    asked = bool(q.strip() or parent or request.args.get("top") or not fragment)
    context = _found(name, q, parent, fragment) if asked else {"items": [], "more_url": None}
    return render_template(
        "sites/_found.html" if fragment else "sites/pick.html",
        name=name,
        q=q,
        parent=parent,
        asked=asked,
        kinds=request.args.get("kinds"),
        back=pages.local_path(request.args.get("back")) or "/",
        up_url=_address(parent.parent_id if parent else None),
        page_url=_address(parent.id if parent else None, q),
        chosen=_chosen(name) if fragment else None,
        **context,
    )


def _found(name: str, q: str, parent: Place | None, fragment: bool) -> dict[str, Any]:
    kinds = [kind for kind in request.args.get("kinds", "").split(",") if kind in PLACE_KINDS]
    searching = bool(q.strip())
    page = search.find(
        entry.today(),
        q=q,
        parent=parent,
        kinds=kinds if searching else (),
        top=not searching and parent is None,
        cursor=request.args.get("cursor"),
    )
    back = pages.local_path(request.args.get("back")) or "/"
    items = [
        Choice(
            place=place,
            selectable=not kinds or place.kind in kinds,
            open_url=_address(place.id) if place.has_children else None,
            choose_url=None if fragment else entry.with_choice(back, name, place.id),
        )
        for place in page.items
        if not kinds or place.kind in kinds or place.has_children
    ]
    if searching and not request.args.get("cursor"):
        items += [
            Choice(new, True, None, None if fragment else entry.with_choice(back, name, new.id), old.path)
            for old, new in search.replaced(q, entry.today())
            if not kinds or new.kind in kinds
        ]
    more_url = f"{_address(parent.id if parent else None, q)}&{urlencode({'cursor': page.next})}" if page.next else None
    return {"items": items, "more_url": more_url, "page": page}


def _address(parent_id: int | None, q: str = "") -> str:
    """This picker in a place (or at the top), with a search where one is asked."""
    kept = {key: request.args[key] for key in ("name", "kinds", "back", "fixed") if request.args.get(key)}
    where = {"parent": str(parent_id)} if parent_id else {"top": "1"}
    return f"{url_for('sites.pick')}?{urlencode({**kept, **where, **({'q': q} if q else {})})}"


def _chosen(name: str) -> Place | None:
    """What is ticked in the form now, unless the form shows it by itself: a search must not lose it."""
    place_id = parse_id(request.args.get(name))
    if place_id is None or str(place_id) == request.args.get("fixed"):
        return None
    return queries.by_id(place_id)
