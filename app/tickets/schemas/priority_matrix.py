"""Shapes of the priority matrix."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields, post_load, validate

from app.core import forms
from app.tickets.rules.priority import URGENCIES
from app.tickets.rules.reasons import REASON_LIMIT


def _row() -> fields.List[Any]:
    offered = validate.OneOf(URGENCIES, error=_l("Choose one of the offered values."))
    return fields.List(fields.String(validate=offered), required=True, validate=validate.Length(equal=len(URGENCIES)))


class MatrixRows(forms.Schema):
    """Priorities by how far a fault reaches; each row by urgency: low, normal, high, emergency."""

    room = _row()
    floor = _row()
    building = _row()
    campus = _row()

    @post_load
    def rows(self, data: dict[str, Any], **_options: Any) -> dict[str, tuple[str, ...]]:
        return {impact: tuple(row) for impact, row in data.items()}


class MatrixIn(forms.Schema):
    """`PUT /priority-matrix`."""

    rows = fields.Nested(MatrixRows, required=True)
    reason = forms.Text(max=REASON_LIMIT, required=True)


class MatrixOut(forms.Schema):
    """The matrix as it is; `version` 0: nobody has changed it."""

    rows = fields.Dict()
    version = fields.Integer()
    changed_at = forms.Moment(allow_none=True)
