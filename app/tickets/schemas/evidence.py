"""Bodies about what the work has to show, and of a transition that shows it."""

from __future__ import annotations

from marshmallow import fields, validate

from app.core import forms
from app.tickets.rules import needs, reasons, workflow
from app.tickets.rules.demands import DEMAND_LABELS
from app.tickets.rules.limits import NOTE_LIMIT
from app.tickets.schemas.tickets import VisitWindow


class PointOut(forms.Schema):
    """One point of the checklist; `code` names it when it is ticked off."""

    code = fields.String()
    label = fields.String()


class DemandsOut(forms.Schema):
    """The demands by code, and the points to tick off in the reader's language."""

    demands = fields.List(fields.String(validate=validate.OneOf(list(DEMAND_LABELS))))
    checklist = fields.List(fields.Nested(PointOut))


class PartIn(forms.Schema):
    """A part that is missing."""

    name = forms.Text(max=needs.PART_LENGTH, required=True)
    quantity = fields.Integer(load_default=1, strict=True, validate=validate.Range(1, needs.QUANTITY_AT_MOST))


class OrderAct(forms.Schema):
    """`POST /work-orders/{id}/transitions`.

    `place_token` (a sticker's secret, address or printed code), `checklist` (codes of points ticked off), `code` and
    `signed_by` (a name in place of a drawn signature) are read where the category demands them; `demands` of the order
    says so.
    `card_left` and `windows` go with a hold because nobody was in, `parts` with any: what is missing.
    """

    to = fields.String(required=True, validate=validate.OneOf(list(workflow.ORDER_API_TARGETS)))
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)
    until = forms.Moment(load_default=None, allow_none=True)
    place_token = forms.Text(max=300, load_default=None, allow_none=True)
    checklist = fields.List(forms.Text(max=40), load_default=list, validate=validate.Length(max=50))
    code = forms.Text(max=50, load_default=None, allow_none=True)
    signed_by = forms.Text(max=100, load_default=None, allow_none=True)
    parts = fields.List(fields.Nested(PartIn), load_default=list, validate=validate.Length(max=needs.PARTS_AT_MOST))
    card_left = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    windows = fields.List(fields.Nested(VisitWindow), load_default=list, validate=validate.Length(max=10))
    device_at = forms.Moment(load_default=None, allow_none=True)
    device_offset_s = fields.Float(load_default=None, allow_none=True, allow_nan=False)
