"""Photos in the API; other areas answer their uploads with `AttachmentOut` too."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app.attachments import services
from app.attachments.models import Attachment
from app.core import forms


class AttachmentOut(forms.Schema):
    """One photo. `state` is quarantine until it was re-encoded; a refused one says why in `problem`."""

    id = forms.Id()
    moment = fields.String()
    state = fields.String()
    problem = fields.String(allow_none=True)
    mime = fields.String()
    size = fields.Integer()
    width = fields.Integer()
    height = fields.Integer()
    at = forms.Moment()


class ContentQuery(forms.Schema):
    size = fields.String(load_default="full", validate=validate.OneOf(["full", "thumb"]))


def as_item(attachment: Attachment) -> dict[str, Any]:
    """The row as `AttachmentOut` dumps it, the reason in the reader's language."""
    return {
        "id": attachment.id,
        "moment": attachment.moment,
        "state": attachment.state,
        "problem": str(services.SENTENCES[attachment.reason]) if attachment.reason else None,
        "mime": attachment.mime,
        "size": attachment.size,
        "width": attachment.width,
        "height": attachment.height,
        "at": attachment.at,
    }
