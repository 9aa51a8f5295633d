"""What the API of the ranking takes and gives."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms
from app.tickets.rules.priority import URGENCIES
from app.tickets.schemas.choices import one_of
from app.tickets.schemas.orders import ExcludedOut, PersonOut, WhyOut


class WhomQuery(forms.Schema):
    """A request nobody has filed; `category` is a code."""

    place_id = forms.Id(required=True)
    category = forms.Text(max=100, required=True)
    urgency = fields.String(load_default="normal", validate=one_of(URGENCIES))
    at = forms.Moment(load_default=None)


class WhomOut(forms.Schema):
    """The ranking as it would be; `priority` is what it was made for."""

    version = fields.String()
    priority = fields.String()
    at = forms.Moment()
    why = fields.List(fields.Nested(WhyOut))
    excluded = fields.List(fields.Nested(ExcludedOut))


class OfferQuery(forms.QuerySchema):
    """Pages of offers."""


class OfferOut(forms.Schema):
    """One offer and the ranking stored with it. `made_by`: null where the ranking chose; `outcome`: while it waits."""

    id = forms.Id()
    person = fields.Nested(PersonOut)
    round = fields.Integer()
    offered_at = forms.Moment()
    until = forms.Moment()
    made_by = fields.Nested(PersonOut, allow_none=True)
    override = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    ended_at = forms.Moment(allow_none=True)
    reason = fields.String(allow_none=True)
    version = fields.String()
    why = fields.List(fields.Nested(WhyOut))
    excluded = fields.List(fields.Nested(ExcludedOut))


class OfferPage(forms.Schema):
    items = fields.List(fields.Nested(OfferOut))
    next = fields.String(allow_none=True)
