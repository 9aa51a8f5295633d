"""What the pages of tickets take: one schema per form."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import forms
from app.tickets.rules import priority, ratings, reasons
from app.tickets.rules.limits import DESCRIPTION_LIMIT, NOTE_LIMIT, PLACE_LIMIT
from app.tickets.rules.workflow import TicketStatus
from app.tickets.visit_choice import VisitChoice

PHOTOS = 6

SAID_BY_REPORTERS = tuple(each for each in priority.URGENCIES if each != "emergency")
"""What the form offers: an emergency is a category, not a degree (27)."""


class Report(forms.Schema):
    """A report of somebody signed in. The category is read apart: each tile has radios of its own."""

    category = fields.Raw(dump_only=True)
    place_id = forms.Id(load_default=None)
    place_text = forms.Text(max=PLACE_LIMIT, load_default="")
    meant = forms.Id(load_default=None)  # the place of the register the words turned out to mean
    description = forms.Text(max=DESCRIPTION_LIMIT, multiline=True, load_default="")
    urgency = fields.String(
        load_default="normal",
        validate=validate.OneOf(SAID_BY_REPORTERS, error=_l("Choose one of the degrees of urgency.")),
    )
    may_enter = fields.Boolean(load_default=False)
    visit = VisitChoice(load_default=None)
    recurs = forms.Id(load_default=None)
    photos = fields.List(
        forms.Upload(),
        load_default=list,
        validate=validate.Length(max=PHOTOS, error=_l("Send at most six photos with the report; more can follow.")),
    )


class Behalf(Report):
    """A report staff takes down for somebody else: a person of the register, or a contact in words."""

    who = forms.Text(max=100, load_default="")
    reporter_id = forms.Id(load_default=None)
    contact_name = forms.Text(max=100, load_default="")
    contact_phone = forms.Text(max=40, load_default="")


class Sticker(forms.Schema):
    """A report through a sticker without signing in: words only, nothing about the sender."""

    category = fields.Raw(dump_only=True)
    description = forms.Text(max=DESCRIPTION_LIMIT, multiline=True, load_default="")
    urgency = fields.String(
        load_default="normal",
        validate=validate.OneOf(SAID_BY_REPORTERS, error=_l("Choose one of the degrees of urgency.")),
    )


class Act(forms.Schema):
    """An act on a ticket: the version that was on the page, and what the act takes."""

    version = forms.Version()
    reason = forms.Text(max=reasons.REASON_LIMIT, load_default="")
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default="")
    photos = fields.List(
        forms.Upload(),
        load_default=list,
        validate=validate.Length(max=PHOTOS, error=_l("Send at most six photos at a time.")),
    )


_STARS = validate.Range(ratings.LOWEST, ratings.HIGHEST, error=_l("Choose one to five stars."))
_STARS_MISSING = {"required": _l("Choose one to five stars."), "invalid": _l("Choose one to five stars.")}


class Rate(forms.Schema):
    """Stars for the three questions, and words."""

    quality = fields.Integer(required=True, validate=_STARS, error_messages=_STARS_MISSING)
    speed = fields.Integer(required=True, validate=_STARS, error_messages=_STARS_MISSING)
    manner = fields.Integer(required=True, validate=_STARS, error_messages=_STARS_MISSING)
    comment = forms.Text(max=ratings.COMMENT_LIMIT, multiline=True, load_default="")


STATUSES = ("open", "ended", "all", "followed", *(each.value for each in TicketStatus))


class ListQuery(forms.QuerySchema):
    """The filters of a list as they stand in its address. `category` and `trade` are codes, `place` an id."""

    status = fields.String(
        load_default="open", validate=validate.OneOf(STATUSES, error=_l("Choose one of the states of a request."))
    )
    place = forms.Id(load_default=None)
    category = forms.Text(max=100, load_default=None)
    priority = fields.String(
        load_default=None, validate=validate.OneOf(priority.URGENCIES, error=_l("Choose one of the priorities."))
    )
    trade = forms.Text(max=100, load_default=None)
    q = forms.Text(max=100, load_default="")
    mine = fields.Boolean(load_default=False)
