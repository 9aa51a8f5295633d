"""Photos as they are sent to a request, an order or a message, and as they are answered."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import forms


class PhotoFiles(forms.Schema):
    """A multipart body with one photo (`photo` or `file`) or several (`photos`)."""

    photo = forms.Upload()
    file = forms.Upload()
    photos = fields.List(
        forms.Upload(),
        validate=validate.Length(max=6, error=_l("Send at most six photos at a time.")),
    )


class PhotoMoment(forms.Schema):
    moment = fields.String(
        load_default="after",
        validate=validate.OneOf(("before", "after", "signature"), error=_l("Choose one of the offered values.")),
    )


class PhotoOut(forms.Schema):
    id = forms.Id()
    moment = fields.String()
    state = fields.String()
    at = forms.Moment()


class PhotoList(forms.Schema):
    items = fields.List(fields.Nested(PhotoOut))
