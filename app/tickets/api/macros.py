"""Macros over the API; they are used through `POST /work-orders/bulk`."""

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
from app.tickets.queries import macros as queries
from app.tickets.schemas import macros as schemas
from app.tickets.services import macros as services

_out = schemas.MacroOut()


def _macro(macro: Any, status: int = 200) -> Response:
    return json_answer(_out.dump(macro), status, {"ETag": etag(macro.version)})


@blueprint.route("/macros", methods=["GET"])
@answers(blueprint, 200, schemas.MacroList)
@policy(policies.may_dispatch)
def list_macros() -> Response:
    """The macros of the institution, in their order; all of them, at most 100."""
    return json_answer(json_list([_out.dump(row) for row in queries.usable()], None))


@blueprint.route("/macros", methods=["POST"])
@accepts(blueprint, schemas.MacroIn)
@answers(blueprint, 201, schemas.MacroOut)
@policy(policies.may_edit_macros)
def add_macro(sent: dict[str, Any]) -> Response:
    """A new macro."""
    content = schemas.MacroIn.content(sent)
    made = services.add(
        actor=current_actor(), now=clock.now(), name=sent["name"], position=sent["position"], content=content
    )
    return _macro(made, 201)


@blueprint.route("/macros/<string:macro_id>", methods=["GET"])
@answers(blueprint, 200, schemas.MacroOut)
@policy(policies.may_dispatch)
def get_macro(macro_id: str) -> Response:
    """One macro."""
    return _macro(queries.one(id_in_address(macro_id)))


@blueprint.route("/macros/<string:macro_id>", methods=["PUT"])
@accepts(blueprint, schemas.MacroIn)
@answers(blueprint, 200, schemas.MacroOut)
@policy(policies.may_edit_macros)
def change_macro(sent: dict[str, Any], macro_id: str) -> Response:
    """Write it anew."""
    number = id_in_address(macro_id)
    changed = services.change(
        actor=current_actor(),
        now=clock.now(),
        macro_id=number,
        seen=seen_version(),
        name=sent["name"],
        position=sent["position"],
        content=schemas.MacroIn.content(sent),
    )
    return _macro(changed)


@blueprint.route("/macros/<string:macro_id>", methods=["DELETE"])
@answers(blueprint, 204)
@policy(policies.may_edit_macros)
def close_macro(macro_id: str) -> Any:
    """Nobody is offered it any more."""
    number = id_in_address(macro_id)
    services.close(actor=current_actor(), now=clock.now(), macro_id=number, seen=seen_version())
    return no_body()
