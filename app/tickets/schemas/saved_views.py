"""Kept views of the dispatcher's list and board, as the API takes and gives them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import forms
from app.tickets.queries.dispatch_list import VIEWS, WAITS
from app.tickets.rules.priority import URGENCIES
from app.tickets.rules.saved_views import NAME_LIMIT

_OFFERED = _l("Choose one of the offered values.")


class ViewFilters(forms.Schema):
    """The filters that are on; what is missing is not narrowed. The board shows all states and ignores `state`."""

    state = forms.Text(validate=validate.OneOf((*VIEWS, WAITS), error=_OFFERED))
    campus = forms.Id()
    building = forms.Id()
    trade = forms.Text(max=64)
    priority = forms.Text(validate=validate.OneOf(URGENCIES, error=_OFFERED))


class ViewIn(forms.Schema):
    """`POST /saved-views`; with `role` (an id) everybody who holds that role can pick it."""

    name = forms.Text(max=NAME_LIMIT, required=True)
    role = forms.Id(load_default=None, allow_none=True)
    filters = fields.Nested(ViewFilters, required=True)


class ViewChange(forms.Schema):
    """`PATCH /saved-views/{id}`: what is given changes; `role` null takes it back."""

    name = forms.Text(max=NAME_LIMIT, validate=validate.Length(1))
    role = forms.Id(allow_none=True)
    filters = fields.Nested(ViewFilters)


class ViewDefault(forms.Schema):
    """`POST /saved-views/{id}/default`: whether your list and board begin with it."""

    on = fields.Boolean(load_default=True, truthy={True}, falsy={False})


class ViewOut(forms.Schema):
    """A view; `gone` names the filters that ask for what no longer exists: they are left out where it is shown."""

    id = forms.Id()
    name = fields.String()
    owner = forms.Id(attribute="owner_id")
    owner_name = fields.String()
    role = forms.Id(attribute="role_id", allow_none=True)
    filters = fields.Nested(ViewFilters)
    gone = fields.List(fields.String())
    is_default = fields.Boolean()
    version = fields.Integer()


class ViewList(forms.Schema):
    items = fields.List(fields.Nested(ViewOut))
    next = fields.String(allow_none=True)
