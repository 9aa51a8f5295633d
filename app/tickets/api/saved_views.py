"""Kept views of the dispatcher's list and board over the API."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, no_body, policy, seen_version
from app.core.http.api import json_answer, json_list
from app.core.http.preconditions import etag
from app.tickets import policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import saved_views as queries
from app.tickets.rules import saved_views as rules
from app.tickets.schemas import saved_views as schemas
from app.tickets.services import saved_views as services

_out = schemas.ViewOut()


def _shown(rows: Any) -> list[Any]:
    around = queries.surroundings([row.filters for row in rows])
    return [
        _out.dump(
            {
                **row._asdict(),
                "gone": list(rules.gone(row.filters, around, services.STATES, services.PRIORITIES)),
            }
        )
        for row in rows
    ]


def _view(view_id: int, status: int = 200) -> Response:
    row = queries.one(current_actor(), view_id)
    return json_answer(_shown([row])[0], status, {"ETag": etag(row.version)})


@blueprint.route("/saved-views", methods=["GET"])
@answers(blueprint, 200, schemas.ViewList)
@policy(policies.may_dispatch)
def list_views() -> Response:
    """The views you may pick, your own first; all of them, at most 200."""
    return json_answer(json_list(_shown(queries.listed(current_actor())), None))


@blueprint.route("/saved-views", methods=["POST"])
@accepts(blueprint, schemas.ViewIn)
@answers(blueprint, 201, schemas.ViewOut)
@policy(policies.may_dispatch)
def keep_view(sent: dict[str, Any]) -> Response:
    """Keep filters under a name, for yourself or (with the right to share) for a role."""
    made = services.keep(
        actor=current_actor(), now=clock.now(), name=sent["name"], filters=sent["filters"], role_id=sent["role"]
    )
    return _view(made.id, 201)


@blueprint.route("/saved-views/<string:view_id>", methods=["GET"])
@answers(blueprint, 200, schemas.ViewOut)
@policy(policies.may_dispatch)
def get_view(view_id: str) -> Response:
    """One view."""
    return _view(id_in_address(view_id))


@blueprint.route("/saved-views/<string:view_id>", methods=["PATCH"])
@accepts(blueprint, schemas.ViewChange)
@answers(blueprint, 200, schemas.ViewOut)
@policy(policies.may_dispatch)
def change_view(sent: dict[str, Any], view_id: str) -> Response:
    """Rename it, keep other filters, share it or take it back."""
    number, seen = id_in_address(view_id), seen_version()
    given = {("role_id" if name == "role" else name): value for name, value in sent.items()}
    services.change(actor=current_actor(), now=clock.now(), view_id=number, seen=seen, **given)
    return _view(number)


@blueprint.route("/saved-views/<string:view_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_dispatch)
def remove_view(view_id: str) -> Any:
    """Nobody is offered it any more."""
    number = id_in_address(view_id)
    services.remove(actor=current_actor(), now=clock.now(), view_id=number, seen=seen_version())
    return no_body()


@blueprint.route("/saved-views/<string:view_id>/default", methods=["POST"])
@accepts(blueprint, schemas.ViewDefault)
@answers(blueprint, 200, schemas.ViewOut)
@policy(policies.may_dispatch)
def begin_with_view(sent: dict[str, Any], view_id: str) -> Response:
    """Your list and board begin with it, or with everything again."""
    number, actor = id_in_address(view_id), current_actor()
    row = queries.one(actor, number)
    if sent["on"] or row.is_default:
        services.begin_with(actor=actor, now=clock.now(), view_id=number if sent["on"] else None)
    return _view(number)
