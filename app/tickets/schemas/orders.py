"""Work orders as the API takes and gives them, with the ranking behind an assignment."""

from __future__ import annotations

from marshmallow import fields, validate

from app.core import forms
from app.core.http.dumping import InWords, Named
from app.tickets.rules import reasons
from app.tickets.rules.dispatching import Criterion
from app.tickets.rules.limits import MAX_MINUTES, NOTE_LIMIT
from app.tickets.rules.workflow import OrderState
from app.tickets.schemas.choices import Choices, one_of


class OrderOut(forms.Schema):
    """A work order; `assignee` is whom it is offered to or who holds it, else null."""

    id = forms.Id()
    number = fields.String()
    ticket_id = forms.Id()
    ticket_number = fields.String()
    trade = fields.String()
    trade_name = InWords()
    kind = fields.String()
    state = fields.String()
    priority = fields.String()
    assignee = Named("assignee", allow_none=True)
    offered_until = forms.Moment(allow_none=True)
    due_at = forms.Moment(allow_none=True)
    due_clock = fields.String(allow_none=True)
    planned_minutes = fields.Integer()
    hold_reason = fields.String(allow_none=True)
    hold_until = forms.Moment(allow_none=True)
    waiting = fields.String(allow_none=True)
    pooled = fields.Boolean()
    urged = fields.Integer()
    rework_of_id = forms.Id(allow_none=True)
    category = fields.String()
    category_name = InWords()
    place_id = forms.Id(allow_none=True)
    place = fields.String()
    description = fields.String()
    may_enter = fields.Boolean()
    version = fields.Integer()


class MissingPart(forms.Schema):
    name = fields.String()
    quantity = fields.Integer()


class PersonOut(forms.Schema):
    id = fields.String()
    name = fields.String()


class OrderDetail(OrderOut):
    """One order: which one it waits for, who proposed it and is not approved yet, the parts its hold waits for.

    `responsible`: whoever answers for it while it is open; without an assignee its dispatcher, the duty lead, or
    those of the fallback role, at most twenty.
    """

    after_id = forms.Id(allow_none=True)
    proposed_by = forms.Id(allow_none=True)
    help_asked_at = forms.Moment(allow_none=True)
    parts = fields.List(fields.Nested(MissingPart))
    responsible = fields.List(fields.Nested(PersonOut))


class OrderPage(forms.Schema):
    items = fields.List(fields.Nested(OrderOut))
    next = fields.String(allow_none=True)


class OrderQuery(forms.QuerySchema):
    state = Choices(OrderState)
    ticket = forms.Id(load_default=None)
    mine = fields.Boolean(load_default=False)


class NewOrder(forms.Schema):
    """`POST /tickets/{id}/work-orders`."""

    trade = forms.Text(max=100, required=True)
    minutes = fields.Integer(load_default=None, allow_none=True, strict=True, validate=validate.Range(1, MAX_MINUTES))
    after = forms.Id(load_default=None, allow_none=True)
    reason = forms.Text(max=reasons.REASON_LIMIT, required=True)


class Assignment(forms.Schema):
    """`POST /work-orders/{id}/assignment`: a person, or `{"auto": true}`.

    `note`: what else the person is told, beside the reason; it stands in the history.
    """

    assignee = forms.Id(load_default=None, allow_none=True)
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)
    auto = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class PartOut(forms.Schema):
    """One figure of a score: `n` from 0 to 1, and what it weighed."""

    criterion = fields.String(validate=one_of(Criterion))
    n = fields.Float()
    weight = fields.Integer()


class WhyOut(forms.Schema):
    person = fields.Nested(PersonOut)
    score = fields.Float()
    reasons = fields.List(fields.String())
    parts = fields.List(fields.Nested(PartOut))


class ExcludedOut(forms.Schema):
    person = fields.Nested(PersonOut)
    reason = fields.String()


class AssignedOut(OrderDetail):
    """The order after an assignment with the ranking behind it."""

    why = fields.List(fields.Nested(WhyOut))
    excluded = fields.List(fields.Nested(ExcludedOut))
