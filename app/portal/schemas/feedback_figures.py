"""What the figures of feedback are asked for, and how the API gives them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, fields, validates_schema

from app.core import forms
from app.portal.rules.feedback_figures import By


class FiguresQuery(forms.Schema):
    """From which to which day, both inclusive, and by what."""

    first = forms.Day(load_default=None)
    last = forms.Day(load_default=None)
    by = fields.Enum(
        By, by_value=True, load_default=By.KIND, error_messages={"unknown": _l("Choose one of the offered values.")}
    )

    class Meta:
        unknown = EXCLUDE

    @validates_schema
    def _in_order(self, data: dict[str, Any], **options: Any) -> None:
        forms.check_period(data.get("first"), data.get("last"))


class TallyOut(forms.Schema):
    """One group; `key` null: in all, or without a building. Minutes until the first answer."""

    key = fields.String(allow_none=True)
    name = fields.String()
    said = fields.Integer()
    nameless = fields.Integer()
    answered = fields.Integer()
    in_time = fields.Integer()
    overdue = fields.Integer()
    waiting = fields.Integer()
    became = fields.Integer()
    share = fields.Float(allow_none=True)
    work_median = fields.Float(allow_none=True)
    work_p90 = fields.Float(allow_none=True)
    raw_median = fields.Float(allow_none=True)
    raw_p90 = fields.Float(allow_none=True)


class FiguresOut(forms.Schema):
    """The figures of feedback."""

    first = fields.Date()
    last = fields.Date()
    by = fields.String()
    total = fields.Nested(TallyOut)
    groups = fields.List(fields.Nested(TallyOut))
