"""What an order's category demands to be shown, over the API."""

from __future__ import annotations

from flask import Response

from app.core.forms import id_in_address
from app.core.http import answers, current_actor, policy
from app.core.http.api import json_answer
from app.tickets import evidence_words, policies
from app.tickets.api.answering import blueprint
from app.tickets.queries import crew_day, orders
from app.tickets.rules import demands
from app.tickets.schemas import evidence as schemas


@blueprint.route("/work-orders/<string:order_id>/demands", methods=["GET"])
@answers(blueprint, 200, schemas.DemandsOut)
@policy(policies.may_read_orders)
def order_demands(order_id: str) -> Response:
    """What has to be shown at start and at the end; the codes of points are what `checklist` of a transition names."""
    number = id_in_address(order_id)
    orders.one(current_actor(), number)
    row = crew_day.one(number, current_actor())
    made = row.demands if row is not None else None
    points = [{"code": each["value"], "label": each["label"]} for each in evidence_words.asked(made).points]
    return json_answer({"demands": list(demands.demanded(made)), "checklist": points})
