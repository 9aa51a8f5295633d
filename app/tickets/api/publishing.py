"""Publishing a request's text and photos over the API."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields

from app.core import clock, forms
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy
from app.tickets import policies
from app.tickets.api.answering import blueprint, ticket
from app.tickets.schemas import tickets as ticket_schemas
from app.tickets.services import publishing


class Publishing(forms.Schema):
    """Whether anybody may read it."""

    published = fields.Boolean(required=True)


@blueprint.route("/tickets/<string:ticket_id>/publishing", methods=["POST"])
@accepts(blueprint, Publishing)
@answers(blueprint, 200, ticket_schemas.TicketOut)
@policy(policies.may_triage)
def publish_ticket(sent: dict[str, Any], ticket_id: str) -> Response:
    """Let anybody read text and photos of a request in a public place (Open311), or hide them again."""
    number = id_in_address(ticket_id)
    publishing.publish(actor=current_actor(), now=clock.now(), ticket_id=number, **sent)
    return ticket(number)
