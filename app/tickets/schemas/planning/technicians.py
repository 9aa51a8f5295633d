"""Technicians as the API takes and gives them."""

from __future__ import annotations

from marshmallow import fields, validate

from app.core import forms
from app.core.http.dumping import InWords
from app.tickets.services.crews import MAX_CAP, USUAL_CAP
from app.tickets.services.technicians import LEVELS

_WORDS = {"type": "string"}


class TechnicianQuery(forms.QuerySchema):
    """`trade` is a code, `crew` an id; `q` looks in names, numbers, account names and pinyin."""

    q = forms.Text(max=100, load_default="")
    trade = forms.Text(max=64, load_default=None)
    crew = forms.Id(load_default=None)


class NewTechnician(forms.Schema):
    """`POST /technicians`: a person, and how many orders, offered and held together, he may have at a time."""

    person_id = forms.Id(required=True)
    cap = fields.Integer(load_default=USUAL_CAP, strict=True, validate=validate.Range(0, MAX_CAP))


class TechnicianChange(forms.Schema):
    """`PATCH /technicians/{id}`."""

    cap = fields.Integer(required=True, strict=True, validate=validate.Range(0, MAX_CAP))


class TechnicianTradeIn(forms.Schema):
    """A trade by its code, with level 1 (helper) to 3 (master)."""

    trade = forms.Text(max=64, required=True)
    level = fields.Integer(required=True, strict=True, validate=validate.OneOf(LEVELS))


class TechnicianZoneIn(forms.Schema):
    """A place, with all below it."""

    place_id = forms.Id(required=True)


class TechnicianTradeOut(forms.Schema):
    """A trade of a technician."""

    id = forms.Id()
    code = fields.String()
    name = InWords(metadata=_WORDS)
    level = fields.Integer()


class TechnicianZoneOut(forms.Schema):
    """A place a technician works in, with all below it."""

    id = forms.Id()
    kind = fields.String()
    name = fields.String()
    path = fields.String()


class TechnicianOut(forms.Schema):
    """Somebody who can be offered work; `id` is the person's.

    `orders` counts those offered to him and held. `ended`: he is a technician no longer; without a valid account
    (`account_valid`) nothing is offered either. `on_duty_until`: while he is on a shift, `away_until`: while he is
    away, `next_duty_at`: the next shift within a week.
    """

    id = forms.Id(attribute="person_id")
    name = fields.String()
    cap = fields.Integer()
    orders = fields.Integer(attribute="load")
    ended = fields.Boolean()
    account_valid = fields.Boolean()
    trades = fields.List(fields.Nested(TechnicianTradeOut))
    zones = fields.List(fields.Nested(TechnicianZoneOut))
    on_duty_until = forms.Moment(allow_none=True)
    next_duty_at = forms.Moment(allow_none=True)
    away_until = forms.Moment(allow_none=True)


class TechnicianPage(forms.Schema):
    items = fields.List(fields.Nested(TechnicianOut))
    next = fields.String(allow_none=True)
