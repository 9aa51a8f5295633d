"""What the forms of planning carry: technicians, their shifts and absences, duty leads, trades and categories."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, ValidationError, fields, validate, validates_schema

from app.core import forms
from app.core.forms import Id, QuerySchema, Schema, Text
from app.tickets.models.crews import SHIFT_KINDS
from app.tickets.order_forms import LocalMoment
from app.tickets.rules.demands import DEMAND_LABELS, PRICES
from app.tickets.rules.limits import MAX_MINUTES
from app.tickets.rules.priority import IMPACTS
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.schemas.catalogue.categories import ICON_LIMIT, POSITIONS, WORDS_LIMIT
from app.tickets.schemas.catalogue.questions import PHONE, PHONE_LIMIT
from app.tickets.schemas.planning import hours
from app.tickets.schemas.planning.hours import TimeOfDay
from app.tickets.services.crews import MAX_CAP
from app.tickets.services.technicians import LEVELS

_OFFERED = _l("Choose one of the offered values.")


class ListQuery(QuerySchema):
    """The filters of the list of technicians."""

    q = Text(max=100, load_default="")
    trade = Text(max=64, load_default=None)

    class Meta:
        unknown = EXCLUDE


class Who(Schema):
    """A person picked: by id from what was found, or by what was typed."""

    person_id = Id()
    who = Text(max=100)


_CAP = fields.Integer(
    required=True,
    validate=validate.Range(0, MAX_CAP, error=_l("Give a number of orders between 0 and 1000.")),
    error_messages={"invalid": _l("Give a number."), "required": _l("Give a number.")},
)


class Admit(Who):
    """A new technician."""

    cap = _CAP


class Cap(Schema):
    """How many orders somebody may have."""

    cap = _CAP


class TradeOf(Schema):
    """A trade of a technician, with its level."""

    trade = Id(required=True, error_messages={"required": _l("Choose a trade.")})
    level = fields.Integer(
        required=True,
        validate=validate.OneOf(LEVELS, error=_OFFERED),
        error_messages={"required": _l("Choose a level from 1 to 3."), "invalid": _l("Choose a level from 1 to 3.")},
    )


class ZoneOf(Schema):
    """A place somebody works in."""

    place_id = Id(required=True, error_messages={"required": _l("Choose a place.")})


class ShiftOf(Schema):
    """Weekly shifts, or the shift of one day."""

    weekdays = fields.List(
        fields.Integer(validate=validate.Range(0, 6, error=_OFFERED), error_messages={"invalid": _OFFERED}),
        load_default=list,
        validate=validate.Length(max=7),
    )
    starts = TimeOfDay(required=True, error_messages={"required": _l("Give a time, like 08:00.")})
    ends = TimeOfDay(required=True, error_messages={"required": _l("Give a time, like 08:00.")})
    kind = Text(load_default="duty", validate=validate.OneOf(SHIFT_KINDS, error=_OFFERED))
    since = forms.Day(load_default=None)
    until = forms.Day(load_default=None)
    on = forms.Day(load_default=None)


class AbsenceOf(Schema):
    """From when until when somebody is away."""

    starts_at = LocalMoment(required=True, error_messages={"required": _l("Give a day and a time.")})
    ends_at = LocalMoment(required=True, error_messages={"required": _l("Give a day and a time.")})
    reason = Text(max=hours.REASON_LIMIT, load_default=None)


class Duty(Who):
    """Who leads which trade on which campus; none: all."""

    campus = Id(load_default=None)
    trade = Id(load_default=None)
    starts_at = LocalMoment(required=True, error_messages={"required": _l("Give a day and a time.")})
    ends_at = LocalMoment(load_default=None)


class NewOrder(Schema):
    """A further order of a request."""

    trade = Text(max=64, required=True, error_messages={"required": _l("Choose a trade.")})
    minutes = fields.Integer(
        load_default=None,
        validate=validate.Range(1, MAX_MINUTES, error=_l("Give the planned minutes, at most a week.")),
        error_messages={"invalid": _l("Give a number.")},
    )
    reason = Text(max=REASON_LIMIT, load_default="")


class TradeFields(forms.Named):
    """A trade."""

    code = Text(max=forms.CODE_MAX, required=True, validate=forms.CODE)


class CategoryFields(forms.Named):
    """A category; without a trade it is a heading."""

    code = Text(max=forms.CODE_MAX, required=True, validate=forms.CODE)
    parent_id = Id(load_default=None)
    trade_id = Id(load_default=None)
    icon = Text(max=ICON_LIMIT, load_default="wrench")
    position = fields.Integer(
        load_default=0,
        validate=validate.Range(*POSITIONS, error=_OFFERED),
        error_messages={"invalid": _l("Give a number.")},
    )
    planned_minutes = fields.Integer(
        load_default=30,
        validate=validate.Range(1, MAX_MINUTES, error=_l("Give the planned minutes, at most a week.")),
        error_messages={"invalid": _l("Give a number.")},
    )
    impact = Text(load_default="room", validate=validate.OneOf(IMPACTS, error=_OFFERED))
    emergency = fields.Boolean(load_default=False)
    emergency_phone = Text(max=PHONE_LIMIT, load_default=None, validate=PHONE)
    auto_dispatch = fields.Boolean(load_default=False)
    hints_zh = Text(max=WORDS_LIMIT, multiline=True, load_default="")
    hints_en = Text(max=WORDS_LIMIT, multiline=True, load_default="")
    impact_room = Text(load_default=None, validate=validate.OneOf(IMPACTS, error=_OFFERED))
    impact_floor = Text(load_default=None, validate=validate.OneOf(IMPACTS, error=_OFFERED))
    impact_building = Text(load_default=None, validate=validate.OneOf(IMPACTS, error=_OFFERED))
    impact_outside = Text(load_default=None, validate=validate.OneOf(IMPACTS, error=_OFFERED))
    sla_policy = Text(max=forms.CODE_MAX, load_default=None, validate=forms.CODE)
    price_class = Text(load_default=None, validate=validate.OneOf(PRICES, error=_OFFERED))
    reply_zh = Text(max=WORDS_LIMIT, multiline=True, load_default="")
    reply_en = Text(max=WORDS_LIMIT, multiline=True, load_default="")
    demands = fields.List(fields.String(validate=validate.OneOf(DEMAND_LABELS, error=_OFFERED)), load_default=list)
    checklist_zh = Text(max=2000, multiline=True, load_default="")
    checklist_en = Text(max=2000, multiline=True, load_default="")

    @validates_schema
    def _same_points(self, data: dict[str, Any], **options: Any) -> None:
        if len(points(data.get("checklist_zh"))) != len(points(data.get("checklist_en"))):
            raise ValidationError(_("Give each point in both languages, one to a line."), "checklist_en")


def points(text: str | None) -> list[str]:
    """The points of a checklist: one to a line."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]
