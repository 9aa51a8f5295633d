"""The categories and their questions as the API gives them."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms
from app.tickets.rules import questions
from app.tickets.schemas.choices import one_of


class OptionOut(forms.Schema):
    code = fields.String()
    label = fields.String()
    stops = fields.Boolean()


class QuestionOut(forms.Schema):
    """One question; an answer that `stops` (or a yes or no that is `stops_on`) is refused: call `phone` instead."""

    code = fields.String()
    kind = fields.String(validate=one_of(questions.Kind))
    label = fields.String()
    hint = fields.String(allow_none=True)
    required = fields.Boolean()
    options = fields.List(fields.Nested(OptionOut))
    stops_on = fields.String(allow_none=True)
    stop = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    unit = fields.String(allow_none=True)
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)


class CategoryOut(forms.Schema):
    """One category with those below it."""

    code = fields.String()
    name = fields.String()
    icon = fields.String()
    trade = fields.String(allow_none=True)
    questions = fields.List(fields.Nested(QuestionOut))
    emergency = fields.Boolean()
    emergency_phone = fields.String(allow_none=True)
    hints = fields.String(allow_none=True)
    children = fields.List(fields.Nested("CategoryOut"))


class CategoryTree(forms.Schema):
    items = fields.List(fields.Nested(CategoryOut))
