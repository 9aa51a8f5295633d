"""Messages over the API."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields

from app.core import clock, forms
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, upload
from app.tickets import policies, schemas
from app.tickets.api.answering import blueprint, files_of, ticket
from app.tickets.schemas.photos import PhotoFiles
from app.tickets.services import messages
from app.tickets.services.messages import Picture
from app.tickets.talk import MEGABYTES


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


class MessageWords(forms.Schema):
    """The words of a message of photos; none are needed."""

    text = forms.Text(max=schemas.NOTE_LIMIT, multiline=True, load_default="")


@blueprint.route("/tickets/<string:ticket_id>/messages/photos", methods=["POST"])
@accepts(blueprint, MessageWords, location="form")
@accepts(blueprint, PhotoFiles, location="files")
@answers(blueprint, 201, schemas.TicketOut)
@upload(MEGABYTES)
@policy(policies.may_read)
def write_message_of_photos(form: dict[str, Any], sent: dict[str, Any], ticket_id: str) -> Response:
    """Write to the other side by photos, with words or without; the event of the message names them (`photos`)."""
    number = id_in_address(ticket_id)
    photos = [Picture(each.stream, each.filename or "") for _field, each in files_of(sent)]
    messages.send_message(actor=current_actor(), now=clock.now(), ticket_id=number, text=form["text"], photos=photos)
    return ticket(number, 201)
