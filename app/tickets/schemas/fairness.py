"""The fairness report over the API."""

from __future__ import annotations

from marshmallow import fields, validate

from app.core import forms


class FairnessQuery(forms.Schema):
    """Which weeks (any day of the first one), which crew."""

    since = forms.Day(load_default=None)
    weeks = fields.Integer(load_default=4, validate=validate.Range(1, 26))
    crew = forms.Id(load_default=None)


class FairnessLineOut(forms.Schema):
    """A person in a week (`week` is its Monday). `share` compares his part of the work with that of the shift hours.

    Shift minutes are those up to now, without absences; time on call stands apart from them and is not shared.
    """

    person_id = forms.Id()
    name = fields.String()
    week = fields.Date()
    shift_minutes = fields.Integer()
    on_call_minutes = fields.Integer()
    offers = fields.Integer()
    accepted = fields.Integer()
    declined = fields.Dict(keys=fields.String(), values=fields.Integer())
    expired = fields.Integer()
    grabbed = fields.Integer()
    done = fields.Integer()
    minutes_done = fields.Integer()
    emergencies = fields.Integer()
    share = fields.Float(allow_none=True)


class FairnessOut(forms.Schema):
    """The lines of all people planned here, week by week."""

    first = fields.Date()
    weeks = fields.Integer()
    items = fields.List(fields.Nested(FairnessLineOut))
