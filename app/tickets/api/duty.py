"""Calls of the duty lead over the API: which wait, and answering one by name."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, seen_version, signed_in
from app.core.http.api import json_answer, json_list
from app.core.http.dumping import compiled
from app.core.http.preconditions import etag
from app.tickets.api.answering import blueprint
from app.tickets.queries import duty_calls as queries
from app.tickets.schemas import duty as schemas
from app.tickets.services import duty_calls as services

_calls = compiled(schemas.CallOut(), queries.NAMES)


@blueprint.route("/duty-calls", methods=["GET"])
@accepts(blueprint, schemas.CallQuery, location="query")
@answers(blueprint, 200, schemas.CallPage)
@policy(signed_in)
def list_duty_calls(asked: dict[str, Any]) -> Response:
    """Calls that went to you or lie where you dispatch, newest first; `open`: those that wait for an answer only."""
    page = queries.page(current_actor(), open_only=asked["open"], cursor=asked["cursor"], limit=asked["limit"])
    return json_answer(json_list(_calls(page.items), page.next))


@blueprint.route("/duty-calls/<string:call_id>", methods=["GET"])
@answers(blueprint, 200, schemas.CallOut)
@policy(signed_in)
def show_duty_call(call_id: str) -> Response:
    """One call."""
    return _one(id_in_address(call_id))


@blueprint.route("/duty-calls/<string:call_id>/answer", methods=["POST"])
@accepts(blueprint, schemas.CallAnswer)
@answers(blueprint, 200, schemas.CallOut)
@policy(signed_in)
def answer_duty_call(_sent: dict[str, Any], call_id: str) -> Response:
    """Take the order on by name: nobody is called for it any more. 409 says who was faster, with `If-Match` 412."""
    number, seen = id_in_address(call_id), seen_version(required=False)
    services.answer(actor=current_actor(), now=clock.now(), call_id=number, seen=seen)
    return _one(number)


def _one(call_id: int) -> Response:
    row = queries.one(current_actor(), call_id)
    return json_answer(_calls([row])[0], headers={"ETag": etag(row.version)})
