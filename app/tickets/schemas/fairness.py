"""The fairness report over the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate

from app.core import forms


class _Day(fields.Date):
    default_error_messages = {"invalid": _l("Give a day, like 2026-09-01.")}  # noqa: RUF012 - marshmallow's way

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **options)
        if not 1990 <= day.year <= 2200:
            raise ValidationError(_("Give a day, like 2026-09-01."))
        return day


class FairnessQuery(forms.Schema):
    """Which weeks (any day of the first one), which crew."""

    since = _Day(load_default=None)
    weeks = fields.Integer(load_default=4, validate=validate.Range(1, 26))
    crew = forms.Id(load_default=None)


class FairnessLineOut(forms.Schema):
    """A person in a week (`week` is its Monday). `share` compares his part of the work with that of the shift hours."""

    person_id = forms.Id()
    name = fields.String()
    week = fields.Date()
    shift_minutes = fields.Integer()
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
