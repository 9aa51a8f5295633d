"""Tickets as the API takes and gives them."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate, validates_schema

from app.core import forms
from app.core.http.dumping import InWords, Named
from app.tickets.rules import priority, ratings, reasons, workflow
from app.tickets.rules.limits import DESCRIPTION_LIMIT, NOTE_LIMIT, PLACE_LIMIT
from app.tickets.rules.workflow import TicketStatus
from app.tickets.schemas.answers import Answers
from app.tickets.schemas.choices import Choices, one_of

_STARS = validate.Range(ratings.LOWEST, ratings.HIGHEST, error=_l("Choose one to five stars."))


class VisitWindow(forms.Schema):
    """When somebody may come: from the beginning of one offered slot to the end of one of the same day."""

    from_ = forms.Moment(required=True, data_key="from")
    to = forms.Moment(required=True)


class SlotList(forms.Schema):
    items = fields.List(fields.Nested(VisitWindow))


class NewTicket(forms.Schema):
    """`POST /tickets`. `answers` are judged by the category's questions, `visit_window` by the institution's hours.

    On behalf of another (a right of its own): `reporter_id`, or `contact_name` and `contact_phone` of somebody without
    an account.
    """

    place_id = forms.Id(load_default=None, allow_none=True)
    place_text = forms.Text(max=PLACE_LIMIT, load_default=None, allow_none=True)
    category = forms.Text(max=100, required=True)
    description = forms.Text(max=DESCRIPTION_LIMIT, multiline=True, required=True)
    urgency = fields.String(load_default="normal", validate=one_of(priority.URGENCIES))
    may_enter = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    answers = Answers(load_default=None, allow_none=True)
    recurs_of = forms.Id(load_default=None, allow_none=True)
    visit_window = fields.Nested(VisitWindow, load_default=None, allow_none=True)
    reporter_id = forms.Id(load_default=None, allow_none=True)
    contact_name = forms.Text(max=100, load_default=None, allow_none=True)
    contact_phone = forms.Text(max=40, load_default=None, allow_none=True)

    @validates_schema
    def _one_place(self, data: dict[str, Any], **_options: Any) -> None:
        if data["place_id"] is not None and data["place_text"]:
            raise ValidationError(_("Give the place or words for it, not both."), "place_text")


class FiledOut(forms.Schema):
    id = forms.Id()
    number = fields.String()
    status = fields.String()
    priority = fields.String()
    promised_at = forms.Moment(allow_none=True)
    version = fields.Integer()


class TicketOut(FiledOut):
    """A ticket as its readers see it; every key is always there. `urged`: reminders by the reporter in this cycle."""

    urgency = fields.String()
    impact = fields.String()
    category = fields.String()
    category_name = InWords()
    place_id = forms.Id(allow_none=True)
    place = fields.String()
    description = fields.String()
    may_enter = fields.Boolean()
    reporter = Named("reporter", allow_none=True)
    origin = fields.String()
    cycle = fields.Integer()
    urged = fields.Integer()
    urged_at = forms.Moment(allow_none=True)
    filed_at = forms.Moment()
    resolved_at = forms.Moment(allow_none=True)
    closed_at = forms.Moment(allow_none=True)


class AnswerOut(forms.Schema):
    """An answer to a question of the category, with the question as it was asked."""

    code = fields.String()
    question = fields.String()
    text = fields.String()
    value = fields.Raw(metadata={"type": ["string", "number", "boolean", "array"]})


class CompletionCode(forms.Schema):
    """Four digits the technician asks for once the work of an order is done."""

    order_id = forms.Id()
    order_number = fields.String()
    code = fields.String()


class TicketDetail(TicketOut):
    """One ticket with what was answered. `urge_from`: from when its reporter, who reads it, may remind; else null.

    `completion_codes`: for its reporter alone, while somebody holds an order whose category asks for a code.
    `third_party`: another office accepts the work; the reporter’s confirm is recorded and does not close it.
    """

    answers = fields.List(fields.Nested(AnswerOut))
    visit_window = fields.Nested(VisitWindow, allow_none=True)
    urge_from = forms.Moment(allow_none=True)
    third_party = fields.Boolean()
    recurs_of = forms.Id(allow_none=True)
    duplicate_of = forms.Id(allow_none=True)
    split_from = forms.Id(allow_none=True)
    completion_codes = fields.List(fields.Nested(CompletionCode))


class TicketPage(forms.Schema):
    items = fields.List(fields.Nested(TicketOut))
    next = fields.String(allow_none=True)


class TicketQuery(forms.QuerySchema):
    status = Choices(TicketStatus)
    place = forms.Id(load_default=None)
    category = forms.Text(max=100, load_default=None)
    q = forms.Text(max=100, load_default=None)
    mine = fields.Boolean(load_default=False)


class TicketAct(forms.Schema):
    """`POST /tickets/{id}/transitions`."""

    act = fields.String(required=True, validate=one_of(workflow.TICKET_API_ACTS))
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)


class Noted(forms.Schema):
    """Withdraw and confirm: a note at most."""

    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)


class NotFixed(forms.Schema):
    """What is still wrong; `order_id` names the order that failed."""

    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default=None, allow_none=True)
    order_id = forms.Id(load_default=None, allow_none=True)


class RatingIn(forms.Schema):
    quality = fields.Integer(required=True, strict=True, validate=_STARS)
    speed = fields.Integer(required=True, strict=True, validate=_STARS)
    manner = fields.Integer(required=True, strict=True, validate=_STARS)
    comment = forms.Text(max=ratings.COMMENT_LIMIT, multiline=True, load_default=None, allow_none=True)


class RatingOut(forms.Schema):
    ticket_id = forms.Id()
    cycle = fields.Integer()
    quality = fields.Integer()
    speed = fields.Integer()
    manner = fields.Integer()
    comment = fields.String(allow_none=True)
    at = forms.Moment()
