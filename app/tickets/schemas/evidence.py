"""Bodies about what the work has to show."""

from __future__ import annotations

from marshmallow import fields, validate

from app.core import forms
from app.tickets.rules.demands import DEMAND_LABELS


class PointOut(forms.Schema):
    """One point of the checklist; `code` names it when it is ticked off."""

    code = fields.String()
    label = fields.String()


class DemandsOut(forms.Schema):
    """The demands by code, and the points to tick off in the reader's language."""

    demands = fields.List(fields.String(validate=validate.OneOf(list(DEMAND_LABELS))))
    checklist = fields.List(fields.Nested(PointOut))
