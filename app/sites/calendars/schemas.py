"""Shapes of calendars at the edge."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, post_load, validate

from app.core import forms
from app.core.versions import shapes
from app.sites.calendars.models import HOURS_CLASSES
from app.sites.rules import calendar_data
from app.sites.rules.calendar_data import MOST_DAYS, MOST_SEASONS, Unreadable
from app.sites.rules.calendars import (
    Calendar,
    DayKind,
    Hours,
    Override,
    OverrideKind,
    Season,
    SpecialDay,
)

SPAN_MAX = 800  # dates one question may ask about

HOURS_WRONG = {
    Unreadable.FORM: _l("Write hours as 08:00-12:00, 14:00-18:00. 24:00 is the end of the day."),
    Unreadable.ORDER: _l("Hours end after they begin. Enter a night on both days: 22:00-24:00 and 00:00-06:00."),
    Unreadable.OVERLAP: _l("These hours overlap."),
    Unreadable.MANY: _l("At most six intervals fit in a day."),
}


class HoursText(fields.Field[Hours]):
    """Hours of a day as text, empty when closed: 08:00-12:00, 14:00-18:00."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Hours:
        if not isinstance(value, str) or len(value) > 200:
            raise ValidationError(HOURS_WRONG[Unreadable.FORM])
        try:
            return calendar_data.read_hours(value)
        except Unreadable as wrong:
            raise ValidationError(HOURS_WRONG[str(wrong)]) from wrong

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return value if isinstance(value, str) else calendar_data.hours_text(value)


def _week() -> fields.List[Any]:
    return fields.List(HoursText(), required=True, validate=validate.Length(equal=7))


class SeasonIn(forms.Schema):
    """A dated stretch with weekly hours of its own; both ends belong to it."""

    name = forms.Texts(load_default=dict)
    first = forms.Day(required=True, data_key="from")
    last = forms.Day(required=True, data_key="to")
    week = _week()

    @post_load
    def season(self, data: dict[str, Any], **_options: Any) -> Season:
        return Season(first=data["first"], last=data["last"], week=tuple(data["week"]), name=data["name"])


class DayIn(forms.Schema):
    """A holiday, or a make-up day worked as another weekday (0 is Monday)."""

    on = forms.Day(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in DayKind]))
    weekday = fields.Integer(load_default=0, data_key="as", strict=True, validate=validate.Range(0, 6))
    official = fields.Boolean(load_default=True)
    name = forms.Texts(load_default=dict)


class OverrideIn(forms.Schema):
    """What was decided for one date: closed, hours of its own, or those of another weekday (0 is Monday)."""

    on = forms.Day(required=True)
    kind = fields.String(required=True, validate=validate.OneOf([kind.value for kind in OverrideKind]))
    hours = HoursText(load_default=())
    weekday = fields.Integer(load_default=0, data_key="as", strict=True, validate=validate.Range(0, 6))
    note = forms.Text(max=shapes.NOTE_MAX, load_default="")


class ContentIn(forms.Schema):
    """What a calendar says; loads to `Calendar`."""

    zone = forms.Text(max=60, required=True)
    always = fields.Boolean(load_default=False)
    week = fields.List(HoursText(), load_default=lambda: [()] * 7, validate=validate.Length(equal=7))
    seasons = fields.List(fields.Nested(SeasonIn), load_default=list, validate=validate.Length(max=MOST_SEASONS))
    days = fields.List(fields.Nested(DayIn), load_default=list, validate=validate.Length(max=MOST_DAYS))
    overrides = fields.List(fields.Nested(OverrideIn), load_default=list, validate=validate.Length(max=MOST_DAYS))

    @post_load
    def calendar(self, data: dict[str, Any], **_options: Any) -> Calendar:
        days: dict[date, SpecialDay] = {
            each["on"]: SpecialDay(
                kind=DayKind(each["kind"]), weekday=each["weekday"], official=each["official"], name=each["name"]
            )
            for each in data["days"]
        }
        overrides = {
            each["on"]: Override(
                kind=OverrideKind(each["kind"]), hours=each["hours"], weekday=each["weekday"], note=each["note"]
            )
            for each in data["overrides"]
        }
        return Calendar(
            zone=data["zone"],
            always=data["always"],
            week=tuple(data["week"]),
            seasons=tuple(sorted(data["seasons"], key=lambda season: season.first)),
            days=days,
            overrides=overrides,
        )


CODE_MAX = 40


class NewVersion(shapes.VersionFields):
    """Content to be put in force."""

    content = fields.Nested(ContentIn, required=True)


class CalendarDraftIn(forms.Schema):
    """`PUT /calendars/{id}/draft`: what the calendar is to become."""

    content = fields.Nested(ContentIn, required=True)


class NewCalendar(NewVersion):
    """A calendar to be made, with its first version."""

    code = forms.Text(max=CODE_MAX, required=True, validate=forms.CODE)
    name = forms.Texts(required=True, validate=validate.Length(min=1))


class CalendarOut(shapes.HeadOut):
    """A calendar with its version in force; `content` is what `PUT` takes."""


class CalendarPage(forms.Schema):
    """All valid calendars."""

    items = fields.List(fields.Nested(CalendarOut))
    next = fields.String(allow_none=True)


class CalendarVersionOut(shapes.VersionOut):
    """One version of a calendar; clocks that ended under it keep having been judged by it."""


class CalendarDraftOut(shapes.DraftOut):
    """What is being made of a calendar."""


class ChangedDatesOut(forms.Schema):
    """Neighbouring dates whose hours change in the same way; `minutes`: how many more a day is worked."""

    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    before = HoursText()
    after = HoursText()
    minutes = fields.Integer()


class CalendarChanges(forms.Schema):
    """What publishing the draft changes from `from` to `to`; `left_out`: stretches that are not listed."""

    first = fields.Date(data_key="from")
    last = fields.Date(data_key="to")
    zone_before = fields.String()
    zone_after = fields.String()
    items = fields.List(fields.Nested(ChangedDatesOut))
    left_out = fields.Integer()


class CalendarVersionPage(forms.Schema):
    """The versions of a calendar, the newest first."""

    items = fields.List(fields.Nested(CalendarVersionOut))
    next = fields.String(allow_none=True)


class DaysQuery(forms.Schema):
    """From which date until which, both inclusive; without them the month that begins today."""

    first = forms.Day(load_default=None, data_key="from")
    last = forms.Day(load_default=None, data_key="to")


class DayOut(forms.Schema):
    """The hours of a date and which part of the calendar decided them."""

    on = fields.Date()
    hours = HoursText()
    because = fields.String()


class DaysOut(forms.Schema):
    """The dates asked for, in order."""

    items = fields.List(fields.Nested(DayOut))
    next = fields.String(allow_none=True)


class HoursClassOut(forms.Schema):
    """Which calendar an hours class is on a campus, with the version a change of it names."""

    campus_id = forms.Id(allow_none=True)
    hours = fields.String()
    calendar_id = forms.Id()
    version = fields.Integer()


class HoursClassList(forms.Schema):
    """Every class that was given a calendar."""

    items = fields.List(fields.Nested(HoursClassOut))
    next = fields.String(allow_none=True)


class HoursClassIn(forms.Schema):
    """Which calendar an hours class is on a campus; no campus: wherever a campus says nothing."""

    campus_id = forms.Id(load_default=None, allow_none=True)
    hours = fields.String(required=True, validate=validate.OneOf(HOURS_CLASSES))
    calendar_id = forms.Id(load_default=None, allow_none=True)
