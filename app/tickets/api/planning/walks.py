"""Ways on foot between buildings over the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, seen_fields, versioned
from app.core.seen import tag
from app.sites import queries as places
from app.tickets import policies
from app.tickets.api.planning.entry import blueprint
from app.tickets.schemas.planning import walks as schemas
from app.tickets.services import ranking_data as services


@blueprint.route("/places/<string:building_id>/walks", methods=["GET"])
@answers(blueprint, 200, schemas.WalksOut)
@policy(policies.may_edit_crews)
def list_walks(building_id: str) -> Any:
    """Minutes on foot from a building to the others of its campus; null: not known"""
    ways = services.walks_from(id_in_address(building_id), places.today(clock.now()))
    return versioned({"items": list(ways), "next": None}, tag(_own(ways)))


@blueprint.route("/places/<string:building_id>/walks", methods=["PATCH"])
@accepts(blueprint, schemas.WalksIn)
@answers(blueprint, 200, schemas.WalksOut)
@policy(policies.may_edit_crews)
def set_walks(sent: dict[str, Any], building_id: str) -> Any:
    """Change ways; the same minutes hold for the way back"""
    number, seen, now = id_in_address(building_id), seen_fields(_own), clock.now()
    minutes = {each["building"]: each["minutes"] for each in sent["walks"]}
    services.set_walks(actor=current_actor(), now=now, building_id=number, minutes=minutes, seen=seen)
    ways = services.walks_from(number, places.today(now))
    return versioned({"items": list(ways), "next": None}, tag(_own(ways)))


def _own(ways: Iterable[Any]) -> dict[str, Any]:
    """What the tag stands for: all ways as one, so that it is as short on a campus of five hundred buildings."""
    return {"walks": services.shown_walks(ways)}
