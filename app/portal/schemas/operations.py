"""Shapes of the portal's forms."""

from __future__ import annotations

from marshmallow import fields, validate

from app.core import forms


class SettingSchema(forms.Schema):
    """A new value as typed; `seen` is the id of the row the page showed, 0 for the default."""

    value = forms.Text(max=500, load_default="")
    seen = fields.Integer(required=True, validate=validate.Range(0, forms.MAX_ID))


class DropSchema(forms.Schema):
    """Why a delivery is given up."""

    reason = forms.Text(max=500, required=True)
