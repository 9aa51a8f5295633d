"""Ways on foot between buildings at the edge."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError, fields, validate, validates_schema

from app.core import forms
from app.tickets.services.ranking_data import LONGEST_WALK


class WalkIn(forms.Schema):
    """Minutes on foot to another building of the campus, both ways; null: not known."""

    building = forms.Id(required=True)
    minutes = fields.Integer(required=True, allow_none=True, strict=True, validate=validate.Range(1, LONGEST_WALK))


class WalksIn(forms.Schema):
    """`PATCH /places/{id}/walks`: the ways to change; the others stay."""

    walks = fields.List(fields.Nested(WalkIn), required=True, validate=validate.Length(min=1, max=500))

    @validates_schema
    def _each_once(self, data: dict[str, Any], **_options: Any) -> None:
        met: set[int] = set()
        for at, each in enumerate(data["walks"]):
            if each["building"] in met:
                raise ValidationError(_("This building is there twice."), f"walks.{at}.building")
            met.add(each["building"])


class WalkOut(forms.Schema):
    """The way to one building."""

    building = forms.Id(attribute="id")
    name = fields.String()
    minutes = fields.Integer(allow_none=True)


class WalksOut(forms.Schema):
    """The ways from a building to the others of its campus; all of them, at most 500."""

    items = fields.List(fields.Nested(WalkOut))
    next = fields.String(allow_none=True)
