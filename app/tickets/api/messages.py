"""Messages over the API."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields

from app.core import clock, forms
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy
from app.tickets import policies, schemas
from app.tickets.api.answering import blueprint, ticket
from app.tickets.services import messages


class NewMessage(forms.Schema):
    """A message to the other side; `to_followers` is the desk's alone."""

    text = forms.Text(max=schemas.NOTE_LIMIT, multiline=True, required=True)
    to_followers = fields.Boolean(load_default=False, truthy={True}, falsy={False})


@blueprint.route("/tickets/<string:ticket_id>/messages", methods=["POST"])
@accepts(blueprint, NewMessage)
@answers(blueprint, 201, schemas.TicketOut)
@policy(policies.may_read)
def write_message(sent: dict[str, Any], ticket_id: str) -> Response:
    """Write to the other side; read them with the ticket's events (kind `message`)."""
    number = id_in_address(ticket_id)
    messages.send_message(actor=current_actor(), now=clock.now(), ticket_id=number, **sent)
    return ticket(number, 201)
