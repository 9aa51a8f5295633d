"""The pool over the API: what lies in it for the caller, putting an order in, taking one."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, seen_version
from app.core.http.api import json_answer, json_list
from app.tickets import policies
from app.tickets.api.answering import blueprint, dump_orders, order
from app.tickets.queries import pool as queries
from app.tickets.schemas import orders as order_schemas
from app.tickets.schemas import pool as schemas
from app.tickets.services import pool as services


@blueprint.route("/work-orders/pool", methods=["GET"])
@answers(blueprint, 200, order_schemas.OrderPage)
@policy(policies.may_work)
def list_pool() -> Response:
    """The orders you could take from the pool, most urgent first; at most 100."""
    return json_answer(json_list(dump_orders(queries.waiting(current_actor(), clock.now())), None))


@blueprint.route("/work-orders/<string:order_id>/claim", methods=["POST"])
@accepts(blueprint, schemas.Claim)
@answers(blueprint, 200, order_schemas.OrderDetail)
@policy(policies.may_work)
def claim_order(_sent: dict[str, Any], order_id: str) -> Response:
    """Take an order from the pool. Where somebody was faster: 412 with `current`, which names who has it."""
    number = id_in_address(order_id)
    services.claim(actor=current_actor(), now=clock.now(), order_id=number, seen=seen_version(required=False))
    return order(number)


@blueprint.route("/work-orders/<string:order_id>/pool", methods=["POST"])
@accepts(blueprint, schemas.Pooling)
@answers(blueprint, 200, order_schemas.OrderDetail)
@policy(policies.may_dispatch)
def pool_order(sent: dict[str, Any], order_id: str) -> Response:
    """Put an order into the pool (offers stop), or take it out (the ranking goes on)."""
    number = id_in_address(order_id)
    act = services.put if sent["pooled"] else services.take_out
    act(actor=current_actor(), now=clock.now(), order_id=number, seen=seen_version())
    return order(number)
