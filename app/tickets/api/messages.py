"""Messages over the API."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validates_schema

from app.core import clock, forms
from app.core.forms import id_in_address
from app.core.http import accepts, answers, current_actor, policy, upload
from app.tickets import policies
from app.tickets.api.answering import blueprint, files_of, ticket
from app.tickets.rules.limits import NOTE_LIMIT
from app.tickets.schemas import tickets as ticket_schemas
from app.tickets.schemas.photos import PhotoFiles
from app.tickets.services import acts, messages
from app.tickets.services.messages import Picture
from app.tickets.talk import MEGABYTES


class NewMessage(forms.Schema):
    """A message to the other side; `to_followers` is the desk's alone, `internal` makes it a note for staff."""

    text = forms.Text(max=NOTE_LIMIT, multiline=True, required=True)
    to_followers = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    internal = fields.Boolean(load_default=False, truthy={True}, falsy={False})

    @validates_schema
    def one_kind_of_reader(self, data: dict[str, Any], **_more: Any) -> None:
        """What is for staff alone is not for the followers."""
        if data.get("internal") and data.get("to_followers"):
            raise ValidationError({"internal": [_("A note for the staff is not sent to followers.")]})


@blueprint.route("/tickets/<string:ticket_id>/messages", methods=["POST"])
@accepts(blueprint, NewMessage)
@answers(blueprint, 201, ticket_schemas.TicketOut)
@policy(policies.may_read)
def write_message(sent: dict[str, Any], ticket_id: str) -> Response:
    """Write to the other side, or a note for staff; read them with the ticket's events (kind `message` or `note`)."""
    number = id_in_address(ticket_id)
    if sent.pop("internal"):
        acts.note(actor=current_actor(), now=clock.now(), ticket_id=number, text=sent["text"])
    else:
        messages.send_message(actor=current_actor(), now=clock.now(), ticket_id=number, **sent)
    return ticket(number, 201)


class MessageWords(forms.Schema):
    """The words of a message of photos; none are needed."""

    text = forms.Text(max=NOTE_LIMIT, multiline=True, load_default="")


@blueprint.route("/tickets/<string:ticket_id>/messages/photos", methods=["POST"])
@accepts(blueprint, MessageWords, location="form")
@accepts(blueprint, PhotoFiles, location="files")
@answers(blueprint, 201, ticket_schemas.TicketOut)
@upload(MEGABYTES)
@policy(policies.may_read)
def write_message_of_photos(form: dict[str, Any], sent: dict[str, Any], ticket_id: str) -> Response:
    """Write to the other side by photos, with words or without; the event of the message names them (`photos`)."""
    number = id_in_address(ticket_id)
    photos = [Picture(each.stream, each.filename or "") for _field, each in files_of(sent)]
    messages.send_message(actor=current_actor(), now=clock.now(), ticket_id=number, text=form["text"], photos=photos)
    return ticket(number, 201)
