"""Shapes of the API of notifications."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms


class InboxQuery(forms.QuerySchema):
    """What of the inbox is asked for."""

    unread = fields.Boolean(load_default=False)


class NotificationSchema(forms.Schema):
    """One line of the inbox, its sentence in the language of Accept-Language."""

    id = forms.Id()
    kind = fields.String()
    text = fields.String()
    link = fields.String(allow_none=True)
    created_at = forms.Moment()
    read_at = forms.Moment(allow_none=True)


class InboxSchema(forms.Schema):
    """A page of the inbox."""

    items = fields.List(fields.Nested(NotificationSchema))
    next = fields.String(allow_none=True)
