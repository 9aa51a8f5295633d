"""What the API takes and gives around one fault with several reporters: similar tickets, merging, correcting."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import forms
from app.core.http.dumping import InWords
from app.tickets.rules import priority, reasons
from app.tickets.rules.limits import DESCRIPTION_LIMIT, NOTE_LIMIT, PLACE_LIMIT

_OFFERED = _l("Choose one of the offered values.")


class SimilarQuery(forms.Schema):
    """`GET /tickets/similar`: what somebody is about to report, at a place or at one he names in words."""

    place_id = forms.Id(load_default=None)
    place_text = forms.Text(max=PLACE_LIMIT, load_default="")
    category = forms.Text(max=100, required=True)
    description = forms.Text(max=DESCRIPTION_LIMIT, multiline=True, load_default="")


class HintOut(forms.Schema):
    """A ticket that may speak of the same fault; `place` is no finer than the floor unless it is public or your own."""

    id = forms.Id()
    category = fields.String()
    category_name = InWords()
    place = fields.String()
    status = fields.String()
    filed_at = forms.Moment()
    mine = fields.Boolean()


class HintList(forms.Schema):
    items = fields.List(fields.Nested(HintOut))


class Nothing(forms.Schema):
    """No body, or an empty one."""


class JoinIn(forms.Schema):
    """What somebody is about to report who has come upon a ticket; whoever lives where it is need not say it."""

    place_id = forms.Id(load_default=None)
    place_text = forms.Text(max=PLACE_LIMIT, load_default="")
    category = forms.Text(max=100, load_default=None)


class MergeIn(forms.Schema):
    """`POST /tickets/{id}/merge`: the id of the original."""

    into = forms.Id(required=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)


class UnmergeIn(forms.Schema):
    reason = forms.Text(max=reasons.REASON_LIMIT, required=True)
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default=None, allow_none=True)


class ReclassifyIn(forms.Schema):
    """`POST /tickets/{id}/reclassify`: what is to be so, and why."""

    category = forms.Text(max=100, load_default=None, allow_none=True)
    place_id = forms.Id(load_default=None, allow_none=True)
    urgency = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(priority.URGENCIES, error=_OFFERED)
    )
    impact = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(priority.IMPACTS, error=_OFFERED)
    )
    reason = forms.Text(max=reasons.REASON_LIMIT, required=True)


class SplitIn(forms.Schema):
    """`POST /tickets/{id}/split`: the second fault of a report."""

    category = forms.Text(max=100, required=True)
    description = forms.Text(max=DESCRIPTION_LIMIT, multiline=True, required=True)
    place_id = forms.Id(load_default=None, allow_none=True)
    urgency = fields.String(load_default="normal", validate=validate.OneOf(priority.URGENCIES, error=_OFFERED))
