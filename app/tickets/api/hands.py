"""Helpers of an order and the approval of a proposed one, over the API."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, seen_version
from app.core.http.api import json_answer
from app.core.i18n import iso
from app.tickets import policies
from app.tickets.api.answering import blueprint, order
from app.tickets.queries import orders
from app.tickets.schemas import hands as schemas
from app.tickets.schemas import orders as order_schemas
from app.tickets.services import hands, opening


def _helpers(order_id: int, status: int = 200) -> Response:
    row = orders.one(current_actor(), order_id)
    people = [{"id": str(person_id), "name": name} for person_id, name in hands.present(order_id).items()]
    return json_answer({"items": people, "asked_at": iso(row.help_asked_at)}, status)


@blueprint.route("/work-orders/<string:order_id>/helpers", methods=["GET"])
@answers(blueprint, 200, schemas.HelpersOut)
@policy(policies.may_read_orders)
def list_helpers(order_id: str) -> Response:
    """Who helps with the order."""
    return _helpers(id_in_address(order_id))


@blueprint.route("/work-orders/<string:order_id>/helpers", methods=["POST"])
@accepts(blueprint, schemas.HelperIn)
@answers(blueprint, 201, schemas.HelpersOut)
@policy(policies.may_move_orders)
def add_helper(sent: dict[str, Any], order_id: str) -> Response:
    """The holder or a dispatcher names a helper; without a person the holder asks for a second pair of hands."""
    number, actor, now, seen = id_in_address(order_id), current_actor(), clock.now(), seen_version(required=False)
    if sent["person_id"] is None:
        hands.ask(actor=actor, now=now, order_id=number, reason=sent["reason"], note=sent["note"], seen=seen)
    else:
        hands.add(actor=actor, now=now, order_id=number, person_id=sent["person_id"], note=sent["note"], seen=seen)
    return _helpers(number, 201)


@blueprint.route("/work-orders/<string:order_id>/helpers/<string:person_id>", methods=["DELETE"])
@answers(blueprint, 200, schemas.HelpersOut)
@policy(policies.may_move_orders)
def remove_helper(order_id: str, person_id: str) -> Response:
    """A helper leaves: by himself, the holder or a dispatcher."""
    number, helper, seen = id_in_address(order_id), id_in_address(person_id), seen_version(required=False)
    hands.remove(actor=current_actor(), now=clock.now(), order_id=number, person_id=helper, seen=seen)
    return _helpers(number)


@blueprint.route("/work-orders/<string:order_id>/approval", methods=["POST"])
@accepts(blueprint, schemas.Approval)
@answers(blueprint, 200, order_schemas.OrderDetail)
@policy(policies.may_dispatch)
def approve_order(_sent: dict[str, Any], order_id: str) -> Response:
    """Approve an order a technician proposed; who does not want it cancels it."""
    number = id_in_address(order_id)
    opening.approve(actor=current_actor(), now=clock.now(), order_id=number, seen=seen_version())
    return order(number)
