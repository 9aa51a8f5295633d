"""Places in the API (contract.md: `GET /places?q=&parent=&kind=`)."""

from __future__ import annotations

from typing import Any

from app.core import clock
from app.core.errors import NotFound
from app.core.forms import parse_id
from app.core.http import ApiBlueprint, accepts, answers, json_list, not_modified, policy
from app.core.http.api import json_answer
from app.core.http.preconditions import fingerprint
from app.sites import policies, queries, schemas, search

blueprint = ApiBlueprint(
    "sites", __name__, description="Places: campus, zone, building, unit, floor, room, outdoor, asset"
)

_detail = schemas.PlaceDetail()


@blueprint.route("/places", methods=["GET"])
@accepts(blueprint, schemas.PlaceQuery, location="query")
@answers(blueprint, 200, schemas.PlacePage)
@policy(policies.may_read)
def places(asked: dict[str, Any]) -> Any:
    """Valid places, in the order of their names.

    Without a filter all of them; `parent` alone gives what stands directly under it, together with `q` or `kind`
    what is found anywhere below. `q` looks in path, code and pinyin, whole or initials, best matches first.
    """
    parent = queries.by_id(asked["parent"]) if asked["parent"] else None
    if asked["parent"] and parent is None:
        return json_list([], None)
    page = search.find(
        queries.today(clock.now()),
        q=asked["q"],
        parent=parent,
        kinds=[asked["kind"]] if asked["kind"] else [],
        cursor=asked["cursor"],
        limit=asked["limit"],
    )
    return json_list(list(page.items), page.next)


@blueprint.route("/places/<place_id>", methods=["GET"])
@answers(blueprint, 200, schemas.PlaceDetail)
@policy(policies.may_read)
def place(place_id: str) -> Any:
    """One place; a closed one too, since history points to it."""
    number = parse_id(place_id)
    found = queries.by_id(number) if number is not None else None
    if found is None:
        raise NotFound
    shown = _detail.dump(found)
    tag = fingerprint(shown)
    return not_modified(tag) or json_answer(shown, headers={"ETag": f'"{tag}"'})
