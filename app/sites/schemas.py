"""What forms and the API take and give."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import forms
from app.sites.models import PLACE_KINDS
from app.sites.rules.tree import MAX_CODE, MAX_NAME

_WHOLE = validate.Regexp(r"\S+\Z", error=_l("A code cannot contain spaces."))  # as in lists
_KIND = validate.OneOf(PLACE_KINDS, error=_l("Choose one of the offered values."))


class PlaceForm(forms.Schema):
    """A place as it is edited."""

    code = forms.Text(max=MAX_CODE, required=True, validate=_WHOLE)
    name = forms.Text(max=MAX_NAME, required=True)
    initials = forms.Text(max=60, load_default=None)
    zone_name = forms.Text(max=60, load_default=None)
    public = fields.Boolean(load_default=False)


class NewPlaceForm(PlaceForm):
    """A place as it is added."""

    kind = forms.Text(max=20, required=True, validate=_KIND)
    parent_id = forms.Id(load_default=None)


class MoveForm(forms.Schema):
    parent_id = forms.Id(required=True, error_messages={"required": _l("Choose the place this one stands in.")})


class SuccessorForm(forms.Schema):
    """What stands in for a closed place; `clear`: nothing does."""

    successor_id = forms.Id(load_default=None)
    clear = fields.Boolean(load_default=False)


class CloseForm(forms.Schema):
    on = forms.Day(required=True)


class LabelsForm(forms.Schema):
    """Which labels to print."""

    extent = forms.Text(max=10, load_default="this", validate=validate.OneOf(["this", "below"], error=_KIND.error))
    kinds = fields.List(forms.Text(max=20, validate=_KIND), load_default=list)
    missing_only = fields.Boolean(load_default=False)
    replace = fields.Boolean(load_default=False)


class PlaceOut(forms.Schema):
    """A place in the API."""

    id = forms.Id()
    code = fields.String()
    name = fields.String()
    kind = fields.String()
    path = fields.String()
    parent_id = forms.Id(allow_none=True)


class PlaceDetail(PlaceOut):
    """One place. `successor_id`: what stands in for it, where it is closed; reports for it go there."""

    successor_id = forms.Id(allow_none=True)


class PlacePage(forms.Schema):
    items = fields.List(fields.Nested(PlaceOut))
    next = fields.String(allow_none=True)


class PlaceQuery(forms.QuerySchema):
    q = forms.Text(max=100, load_default="")
    parent = forms.Id(load_default=None)
    kind = forms.Text(max=20, load_default=None, validate=_KIND)
