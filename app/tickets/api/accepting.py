"""Finished work that waits for a third party, over the API; accepting is `act: accept_third` of a transition."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import forms
from app.core.http import accepts, answers, current_actor, policy
from app.core.http.api import json_answer, json_list
from app.tickets import policies
from app.tickets.api.answering import blueprint, dump_tickets
from app.tickets.queries import accepting
from app.tickets.schemas import tickets as ticket_schemas


class Asked(forms.QuerySchema):
    """Pages of what waits."""


@blueprint.route("/tickets/to-accept", methods=["GET"])
@accepts(blueprint, Asked, location="query")
@answers(blueprint, 200, ticket_schemas.TicketPage)
@policy(policies.may_accept_third)
def tickets_to_accept(asked: dict[str, Any]) -> Response:
    """Resolved tickets of your scope whose work you accept, what was finished first on top."""
    page = accepting.page(current_actor(), cursor=asked["cursor"], limit=asked["limit"])
    return json_answer(json_list(dump_tickets(page.items), page.next))
