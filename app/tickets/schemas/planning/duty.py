"""Who leads on duty, as the API takes and gives it."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms
from app.tickets.schemas.orders import PersonOut


class DutyIn(forms.Schema):
    """`POST /duty-roster`: who leads a trade (its code) on a campus (its id), without either: all; without end: on."""

    person_id = forms.Id(required=True)
    campus = forms.Id(load_default=None, allow_none=True)
    trade = forms.Text(max=64, load_default=None, allow_none=True)
    starts_at = forms.Moment(required=True)
    ends_at = forms.Moment(load_default=None, allow_none=True)


class CampusNamed(forms.Schema):
    id = fields.String()
    name = fields.String()


class DutyOut(forms.Schema):
    """A duty; `campus` or `trade` (a code) null: all of them."""

    id = forms.Id()
    person = fields.Nested(PersonOut)
    campus = fields.Nested(CampusNamed, allow_none=True)
    trade = fields.String(allow_none=True)
    starts_at = forms.Moment()
    ends_at = forms.Moment(allow_none=True)


class DutyPage(forms.Schema):
    items = fields.List(fields.Nested(DutyOut))
    next = fields.String(allow_none=True)
