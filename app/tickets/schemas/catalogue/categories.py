"""Categories as their editors take and give them over the API."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from app.core import forms
from app.tickets.rules.demands import CHECKLIST_AT_MOST, DEMAND_LABELS, PRICES, SPOTS, demands_of
from app.tickets.rules.limits import MAX_MINUTES
from app.tickets.rules.priority import IMPACTS
from app.tickets.schemas.catalogue.icons import ICONS
from app.tickets.schemas.catalogue.questions import PHONE, PHONE_LIMIT, QuestionFull
from app.tickets.schemas.choices import one_of

WORDS_LIMIT, ICON_LIMIT, POINT_LIMIT = 500, 40, 200
"""Longest hint or reply, name of an icon and point of a checklist, in characters."""
POSITIONS = (-1000, 100_000)


class ImpactsIn(forms.Schema):
    """How far a fault reaches by the kind of place it is reported at, where that differs from the usual reach."""

    room = fields.String(validate=one_of(IMPACTS))
    floor = fields.String(validate=one_of(IMPACTS))
    building = fields.String(validate=one_of(IMPACTS))
    outside = fields.String(validate=one_of(IMPACTS))


class CategoryDemands(forms.Schema):
    """What the crew has to show: the demands by code, and points to tick off in both languages."""

    codes = fields.List(
        fields.String(validate=one_of(DEMAND_LABELS)),
        load_default=list,
        validate=validate.Length(max=len(DEMAND_LABELS)),
    )
    checklist = fields.List(
        forms.Texts(max=POINT_LIMIT), load_default=list, validate=validate.Length(max=CHECKLIST_AT_MOST)
    )

    @post_load
    def stored(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """As versions hold them."""
        return demands_of(data["codes"], data["checklist"])


class CategoryChange(forms.Schema):
    """`PATCH /catalogue/categories/{id}`: what is given changes, by a new version where reporters or crew meet it.

    `trade` (a code) null makes it a heading; `sla_policy` null is the usual service level. Its code stays, and its
    questions are changed through their draft.
    """

    name = forms.Texts(validate=forms.NAMED)
    parent_id = forms.Id(allow_none=True)
    trade = forms.Text(max=64, allow_none=True)
    icon = fields.String(validate=one_of(ICONS))
    position = fields.Integer(strict=True, validate=validate.Range(*POSITIONS))
    planned_minutes = fields.Integer(strict=True, validate=validate.Range(1, MAX_MINUTES))
    impact = fields.String(validate=one_of(IMPACTS))
    impacts = fields.Nested(ImpactsIn)
    emergency = fields.Boolean(truthy={True}, falsy={False})
    emergency_phone = forms.Text(max=PHONE_LIMIT, allow_none=True, validate=PHONE)
    auto_dispatch = fields.Boolean(truthy={True}, falsy={False})
    hints = forms.Texts(max=WORDS_LIMIT, multiline=True, allow_none=True)
    sla_policy = forms.Text(max=forms.CODE_MAX, allow_none=True, validate=forms.CODE)
    price_class = fields.String(allow_none=True, validate=one_of(PRICES))
    reply = forms.Texts(max=WORDS_LIMIT, multiline=True, allow_none=True)
    demands = fields.Nested(CategoryDemands)


class NewCategory(CategoryChange):
    """`POST /catalogue/categories`; without a trade it is a heading. What is not given is as usual."""

    code = forms.Text(max=forms.CODE_MAX, required=True, validate=forms.CODE)
    name = forms.Texts(required=True, validate=forms.NAMED)


class CategoryQuery(forms.QuerySchema):
    """`closed`: with those that are closed; `parent`: what stands right below a category (its id)."""

    closed = fields.Boolean(load_default=False, truthy={"1", "true"}, falsy={"0", "false"})
    parent = forms.Id(load_default=None)


def _words(**options: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), **options)


class CategoryDemandsOut(forms.Schema):
    """What the crew has to show."""

    codes = fields.List(fields.String())
    checklist = fields.List(_words())


class CategoryContent(forms.Schema):
    """What a version of a category says; `trade` is a code, null of a heading."""

    name = _words()
    trade = fields.String(allow_none=True)
    planned_minutes = fields.Integer()
    impact = fields.String()
    impacts = fields.Dict(keys=fields.String(validate=validate.OneOf(list(SPOTS))), values=fields.String())
    emergency = fields.Boolean()
    emergency_phone = fields.String(allow_none=True)
    auto_dispatch = fields.Boolean()
    hints = _words(allow_none=True)
    sla_policy = fields.String(allow_none=True)
    price_class = fields.String(allow_none=True)
    reply = _words(allow_none=True)
    demands = fields.Nested(CategoryDemandsOut)


class CategoryFull(CategoryContent):
    """A category as it is now.

    `version` is the number of the version that holds it (0: none yet), `drafted` whether its questions are being
    changed; `closed_on`: from that day on it cannot be chosen.
    """

    id = forms.Id()
    code = fields.String()
    parent_id = forms.Id(allow_none=True)
    icon = fields.String()
    position = fields.Integer()
    version = fields.Integer()
    drafted = fields.Boolean()
    closed_on = fields.Date(allow_none=True)


class CategoryPage(forms.Schema):
    items = fields.List(fields.Nested(CategoryFull))
    next = fields.String(allow_none=True)


class CategoryVersionLine(forms.Schema):
    """That there is a version; who made it: null where a rule or an import did."""

    version = fields.Integer(attribute="number")
    published_at = forms.Moment()
    published_by_name = fields.String(allow_none=True)


class CategoryVersionPage(forms.Schema):
    items = fields.List(fields.Nested(CategoryVersionLine))
    next = fields.String(allow_none=True)


class CategoryVersionOut(CategoryContent):
    """A version as it was, with its questions: what requests of that time were asked."""

    version = fields.Integer()
    published_at = forms.Moment()
    questions = fields.List(fields.Nested(QuestionFull))
