"""Trades as the API takes and gives them."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms


class TradeQuery(forms.QuerySchema):
    """`closed`: with those that are closed."""

    closed = fields.Boolean(load_default=False, truthy={"1", "true"}, falsy={"0", "false"})


class TradeIn(forms.Schema):
    """`POST /catalogue/trades`; the code stays."""

    code = forms.Text(max=forms.CODE_MAX, required=True, validate=forms.CODE)
    name = forms.Texts(required=True, validate=forms.NAMED)


class TradeChange(forms.Schema):
    """`PATCH /catalogue/trades/{id}`."""

    name = forms.Texts(required=True, validate=forms.NAMED)


class TradeOut(forms.Schema):
    """A trade; `closed_on`: from that day on no new order needs it."""

    id = forms.Id()
    code = fields.String()
    name = fields.Dict(keys=fields.String(), values=fields.String())
    closed_on = fields.Date(attribute="valid_to", allow_none=True)


class TradePage(forms.Schema):
    items = fields.List(fields.Nested(TradeOut))
    next = fields.String(allow_none=True)
