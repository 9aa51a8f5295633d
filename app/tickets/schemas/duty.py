"""What the API of duty calls takes and gives."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.core import forms
from app.core.http.dumping import InWords, Named
from app.tickets.rules.duty import CallEnd, Cause
from app.tickets.schemas.choices import one_of


class CallQuery(forms.QuerySchema):
    """`open`: those that wait for an answer only."""

    open = fields.Boolean(load_default=False)


class CallAnswer(forms.Schema):
    """Nothing is said but that the caller of the address takes the order on."""


class _Ids(fields.Field[Any]):
    """Ids of people as decimal strings."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> list[str]:
        return [str(each) for each in value]


class CallOut(forms.Schema):
    """A call of the duty lead. `called`: ids of those who were told last; `answered`: who took it on, else null."""

    id = forms.Id()
    order_id = forms.Id()
    order_number = fields.String()
    state = fields.String()
    priority = fields.String()
    ticket_id = forms.Id()
    ticket_number = fields.String()
    category_name = InWords()
    place = fields.String(allow_none=True)
    cause = fields.String(validate=one_of(Cause))
    refusals = fields.Integer()
    called = _Ids(metadata={"type": "array", "items": {"type": "string"}})
    times = fields.Integer()
    called_at = forms.Moment()
    last_at = forms.Moment()
    answered = Named("answered", allow_none=True)
    ended_at = forms.Moment(allow_none=True)
    ended_as = fields.String(allow_none=True, validate=one_of(CallEnd))
    version = fields.Integer()


class CallPage(forms.Schema):
    items = fields.List(fields.Nested(CallOut))
    next = fields.String(allow_none=True)
