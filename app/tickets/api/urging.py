"""The reporter's reminder over the API."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.core import clock
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, seen_version
from app.tickets import policies
from app.tickets.api.answering import blueprint, ticket
from app.tickets.schemas import incidents
from app.tickets.schemas import tickets as ticket_schemas
from app.tickets.services import urging


@blueprint.route("/tickets/<string:ticket_id>/remind", methods=["POST"])
@accepts(blueprint, incidents.Nothing)
@answers(blueprint, 200, ticket_schemas.TicketDetail)
@policy(policies.may_own)
def remind_ticket(sent: dict[str, Any], ticket_id: str) -> Response:
    """Remind whoever is responsible: the reporter alone, from `urge_from` on, once in 24 hours; earlier is a 409."""
    number = id_in_address(ticket_id)
    urging.urge(actor=current_actor(), now=clock.now(), ticket_id=number, seen=seen_version(required=False))
    return ticket(number)
