"""Times of day, shifts, absences and the week plan at the edge."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate, validates_schema

from app.core import forms
from app.tickets.models.crews import SHIFT_KINDS
from app.tickets.rules.week_plan import LONGEST
from app.tickets.schemas.choices import one_of
from app.tickets.schemas.orders import PersonOut

REASON_LIMIT = 200
CHANGES_AT_ONCE = 700  # a week of a hundred people
_AT_NIGHT = "24:00"
_OFFERED = _l("Choose one of the offered values.")


class TimeOfDay(fields.Field[time]):
    """A time of day `08:00` on the campus; `24:00` is midnight."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "string"}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> time:
        said = value.strip() if isinstance(value, str) else ""
        try:
            found = time(0) if said == _AT_NIGHT else time.fromisoformat(said) if len(said) <= 8 else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None:
            raise ValidationError(_("Give a time, like 08:00."))
        return found.replace(second=0, microsecond=0)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str:
        return f"{value:%H:%M}"


class LastDay(fields.Field[date]):
    """The last day of what ends before a day; null: it has no end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": ["string", "null"], "format": "date"}, dump_only=True, **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else (value - timedelta(days=1)).isoformat()


class NewShifts(forms.Schema):
    """Shifts of the `weekdays` (0 is Monday) of every week, from `since` to the last day `until`; or of the day `on`.

    Times are those of the campus's clock; one that ends at or before its beginning ends on the next day.
    """

    weekdays = fields.List(
        fields.Integer(strict=True, validate=validate.Range(0, 6, error=_OFFERED)),
        load_default=list,
        validate=validate.Length(max=7),
    )
    starts = TimeOfDay(required=True)
    ends = TimeOfDay(required=True)
    kind = fields.String(load_default="duty", validate=one_of(SHIFT_KINDS))
    since = forms.Day(load_default=None, allow_none=True)
    until = forms.Day(load_default=None, allow_none=True)
    on = forms.Day(load_default=None, allow_none=True)

    @validates_schema
    def _one_or_many(self, data: dict[str, Any], **_options: Any) -> None:
        if data["on"] is not None and (data["weekdays"] or data["since"] or data["until"]):
            said = _("Give either one day, or days of the week with their first and last day.")
            raise ValidationError(said, "on")


class ShiftOut(forms.Schema):
    """A shift of every week that begins on `weekday` (0 is Monday); `since`, `until`: its first and last day."""

    id = forms.Id()
    weekday = fields.Integer()
    starts = TimeOfDay()
    ends = TimeOfDay()
    kind = fields.String(validate=one_of(SHIFT_KINDS))
    since = fields.Date(attribute="valid_from", allow_none=True)
    until = LastDay(attribute="valid_to")


class ShiftsMade(forms.Schema):
    """The shifts that were added."""

    items = fields.List(fields.Nested(ShiftOut))


class ShiftPage(ShiftsMade):
    next = fields.String(allow_none=True)


class NewAbsence(forms.Schema):
    """From when until before when somebody is away; nothing is offered to him meanwhile."""

    starts_at = forms.Moment(required=True)
    ends_at = forms.Moment(required=True)
    reason = forms.Text(max=REASON_LIMIT, load_default=None, allow_none=True)


class AbsenceOut(forms.Schema):
    """An absence that is not over."""

    id = forms.Id()
    starts_at = forms.Moment()
    ends_at = forms.Moment()
    reason = fields.String(allow_none=True)


class AbsencePage(forms.Schema):
    items = fields.List(fields.Nested(AbsenceOut))
    next = fields.String(allow_none=True)


class WeekPlanQuery(forms.QuerySchema):
    """The week of a day (this week where none is given), of one crew (an id) or of everybody."""

    of = forms.Day(load_default=None)
    crew = forms.Id(load_default=None)


class PlannedDay(forms.Schema):
    """A day of somebody's week.

    `line` says it in short: `8-12 14-17:30`, on call with a plus (`+18-8`), away all day `x`; empty: nothing.
    `partly`: absences that take a part of the day.
    """

    day = fields.Date()
    line = fields.String()
    partly = fields.List(fields.Nested(AbsenceOut))


class PlannedWeek(forms.Schema):
    """Seven days of one technician, with his hours on duty."""

    person = fields.Nested(PersonOut)
    hours = fields.Float()
    days = fields.List(fields.Nested(PlannedDay))


class WeekPlanPage(forms.Schema):
    """A week from its Monday, technicians by name."""

    monday = fields.Date()
    items = fields.List(fields.Nested(PlannedWeek))
    next = fields.String(allow_none=True)


class DayChange(forms.Schema):
    """One day of somebody: the line it had (`was`), the line it is to have; nothing planned is an empty line."""

    person_id = forms.Id(required=True)
    day = forms.Day(required=True)
    was = forms.Text(max=LONGEST, required=True, may_be_blank=True)
    line = forms.Text(max=LONGEST, required=True, may_be_blank=True)


class WeekChanges(forms.Schema):
    """`POST /week-plan`: days to change, all of them or none."""

    changes = fields.List(fields.Nested(DayChange), required=True, validate=validate.Length(min=1, max=CHANGES_AT_ONCE))

    @validates_schema
    def _each_once(self, data: dict[str, Any], **_options: Any) -> None:
        met: set[tuple[int, date]] = set()
        for at, each in enumerate(data["changes"]):
            if (each["person_id"], each["day"]) in met:
                raise ValidationError(_("This day of this person is there twice."), f"changes.{at}.day")
            met.add((each["person_id"], each["day"]))


class DaysChanged(forms.Schema):
    """How many days are planned otherwise now."""

    changed = fields.Integer()


class WeekCopy(forms.Schema):
    """`POST /week-plan/copy`: a day of the week to fill, and whose."""

    of = forms.Day(required=True)
    person_ids = fields.List(forms.Id(), required=True, validate=validate.Length(min=1, max=100))
