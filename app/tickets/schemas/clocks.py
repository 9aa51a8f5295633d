"""Shapes of clocks, priorities and requests for more time."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.core import forms
from app.core.http.dumping import InWords
from app.tickets.rules.priority import URGENCIES
from app.tickets.rules.reasons import REASON_LIMIT


class PriorityIn(forms.Schema):
    """`POST /tickets/{id}/priority`."""

    priority = forms.Text(max=20, required=True)
    reason = forms.Text(max=REASON_LIMIT, required=True)


class ExtensionIn(forms.Schema):
    """`POST /tickets/{id}/extension`."""

    until = forms.Moment(required=True)
    reason = forms.Text(max=REASON_LIMIT, multiline=True, required=True)


class ExtensionDecision(forms.Schema):
    """`POST /tickets/{id}/extension/decision`."""

    approve = fields.Boolean(required=True, truthy={True}, falsy={False})
    extension_id = forms.Id(load_default=None)
    note = forms.Text(max=REASON_LIMIT, multiline=True, load_default=None)


class ExtensionOut(forms.Schema):
    """A request for more time; `approved` null: nobody has decided yet."""

    id = forms.Id()
    ticket_id = forms.Id()
    until = forms.Moment()
    reason = fields.String()
    asked_by = forms.Id()
    asked_at = forms.Moment()
    approved = fields.Boolean(allow_none=True)
    decided_by = forms.Id(allow_none=True)
    decided_at = forms.Moment(allow_none=True)
    note = fields.String(allow_none=True)


class ExtensionQuery(forms.QuerySchema):
    """`GET /extensions`."""


class ExtensionRow(ExtensionOut):
    """A request for more time in the list of those that wait for a decision."""

    number = fields.String()
    asked_by_name = fields.String()
    promised_at = forms.Moment(allow_none=True)
    priority = fields.String()
    category_name = InWords()
    place = fields.String(allow_none=True)


class ExtensionPage(forms.Schema):
    """What waits for a decision in the reader's scopes."""

    items = fields.List(fields.Nested(ExtensionRow))
    next = fields.String(allow_none=True)


class ExcuseIn(forms.Schema):
    """`POST /tickets/{id}/clocks/{clock_id}/excuse`."""

    reason = forms.Text(max=REASON_LIMIT, required=True)


class TrailOut(forms.Schema):
    """What happened to a clock, and what it said afterwards."""

    at = forms.Moment()
    act = fields.String()
    used = fields.Integer()
    due_at = forms.Moment(allow_none=True)
    until = forms.Moment(allow_none=True)
    priority = fields.String(allow_none=True)


class _Of(fields.Field[Any]):
    """A value of the clock inside a view."""

    _CHECK_ATTRIBUTE = False

    def __init__(self, path: str, **options: Any) -> None:
        super().__init__(**options)
        self.path = path.split(".")

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        found = obj
        for name in self.path:
            found = getattr(found, name)
        return found


class ClockOut(forms.Schema):
    """One clock as it stands; minutes are working minutes of its calendar unless called raw."""

    id = forms.Id()
    kind = _Of("key.kind.value", metadata={"type": "string"})
    order_id = fields.Function(lambda view: None if view.key.order_id is None else str(view.key.order_id))
    cycle = _Of("key.cycle", metadata={"type": "integer"})
    state = fields.String()
    priority = _Of("clock.terms.priority", metadata={"type": "string", "enum": list(URGENCIES)})
    started_at = forms.Moment()
    due_at = forms.Moment(allow_none=True)
    stopped_at = forms.Moment(allow_none=True)
    used = fields.Integer()
    target = _Of("clock.target", metadata={"type": ["integer", "null"]})
    left = fields.Integer(allow_none=True)
    raw = fields.Integer(allow_none=True)
    kept = _Of("clock.kept", metadata={"type": ["boolean", "null"]})
    excused = _Of("clock.excused", metadata={"type": "boolean"})
    trail = fields.List(fields.Nested(TrailOut))


class ClockPage(forms.Schema):
    """Every clock of a ticket and its orders."""

    items = fields.List(fields.Nested(ClockOut))
    next = fields.String(allow_none=True)
