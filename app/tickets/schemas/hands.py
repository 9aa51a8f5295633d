"""What the API of helpers and proposals takes and gives."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms
from app.tickets.rules.limits import NOTE_LIMIT
from app.tickets.schemas.orders import PersonOut


class HelperIn(forms.Schema):
    """`POST /work-orders/{id}/helpers`: a person; without one the holder asks for somebody, with a `reason`."""

    person_id = forms.Id(load_default=None, allow_none=True)
    reason = forms.Text(max=40, load_default=None, allow_none=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)


class HelpersOut(forms.Schema):
    """Who helps now; `asked_at`: since when the holder waits for somebody, else null."""

    items = fields.List(fields.Nested(PersonOut))
    asked_at = forms.Moment(allow_none=True)


class Approval(forms.Schema):
    """Nothing is said but that the caller of the address approves."""
