"""Shapes of webhooks at the edge."""

from __future__ import annotations

from marshmallow import fields, validate

from app.core import forms
from app.notifications.rules.webhooks import URL_MAX

NAME_MAX = 80
EVENTS_AT_MOST = 50


class NewWebhook(forms.Schema):
    """An endpoint to be made."""

    name = forms.Text(max=NAME_MAX, required=True)
    url = forms.Text(max=URL_MAX, required=True)
    events = fields.List(forms.Text(max=60), required=True, validate=validate.Length(max=EVENTS_AT_MOST))


class WebhookChange(forms.Schema):
    """What of an endpoint is changed."""

    name = forms.Text(max=NAME_MAX)
    url = forms.Text(max=URL_MAX)
    events = fields.List(forms.Text(max=60), validate=validate.Length(max=EVENTS_AT_MOST))
    enabled = fields.Boolean()


class WebhookOut(forms.Schema):
    """An endpoint; its secret is never read again."""

    id = forms.Id()
    name = fields.String()
    url = fields.String()
    events = fields.List(fields.String())
    enabled = fields.Boolean()
    created_at = forms.Moment()
    version = fields.Integer()


class WebhookMade(WebhookOut):
    """A new endpoint, or one with a new secret: the only answer that shows it."""

    secret = fields.String()


class WebhookPage(forms.Schema):
    """A page of endpoints."""

    items = fields.List(fields.Nested(WebhookOut))
    next = fields.String(allow_none=True)


class MessageOut(forms.Schema):
    """One message and how it fared."""

    id = forms.Id()
    event = fields.String()
    body = fields.String()
    state = fields.String()
    attempts = fields.Integer()
    replays = fields.Integer()
    status = fields.Integer(allow_none=True)
    error = fields.String(allow_none=True)
    at = forms.Moment()
    ended_at = forms.Moment(allow_none=True)


class MessagePage(forms.Schema):
    """A page of messages."""

    items = fields.List(fields.Nested(MessageOut))
    next = fields.String(allow_none=True)
