"""What the forms of the calendar editor carry: the week, some dates, a season, the holidays of a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate, validates_schema

from app.core import forms, words
from app.core.forms import NAME_MAX, Text
from app.core.versions.shapes import NOTE_MAX
from app.sites.calendars.schemas import HoursText
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Calendar, DayKind, Override, OverrideKind, Season, SpecialDay, Week

USUAL = "usual"
KINDS: dict[str, Any] = {
    OverrideKind.CLOSED.value: _l("Closed all day"),
    OverrideKind.HOURS.value: _l("Other hours"),
    OverrideKind.WEEKDAY.value: _l("Worked as another weekday"),
    DayKind.HOLIDAY.value: _l("Holiday"),
    DayKind.MAKEUP.value: _l("Make-up day, worked as a weekday"),
    USUAL: _l("As usual again"),
}
DAYS_AT_ONCE = 366

_OFFERED = _l("Choose one of the offered values.")


class CalendarDay(forms.Day):
    """A day of the years a calendar knows."""

    first_year, last_year = calendar_data.FIRST_YEAR, calendar_data.LAST_YEAR


def _seen() -> fields.Integer:
    return fields.Integer(load_default=-1, validate=validate.Range(-1, 2**31 - 1, error=_OFFERED))


class Seen(forms.Schema):
    """An act on a draft: the state it was made from; 0 where there was no draft."""

    seen = _seen()


class _SevenDays(forms.Schema):
    """The hours of Monday to Sunday, each as text."""

    hours_0 = HoursText(load_default=())
    hours_1 = HoursText(load_default=())
    hours_2 = HoursText(load_default=())
    hours_3 = HoursText(load_default=())
    hours_4 = HoursText(load_default=())
    hours_5 = HoursText(load_default=())
    hours_6 = HoursText(load_default=())


class WeekForm(_SevenDays):
    """The ordinary week."""

    seen = _seen()
    zone = Text(max=60, required=True)
    always = fields.Boolean(load_default=False)


class SeasonForm(_SevenDays):
    """A dated stretch with a week of its own; `place` where it stands instead of another, from 0."""

    seen = _seen()
    place = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, 1000, error=_OFFERED))
    name_zh = Text(max=NAME_MAX, load_default="")
    name_en = Text(max=NAME_MAX, load_default="")
    first = CalendarDay(required=True, error_messages={"required": _l("Give a day, like 2026-09-01.")})
    last = CalendarDay(required=True, error_messages={"required": _l("Give a day, like 2026-09-01.")})


class DatesForm(forms.Schema):
    """What one date becomes, or each of a stretch."""

    seen = _seen()
    on = CalendarDay(required=True, error_messages={"required": _l("Give a day, like 2026-09-01.")})
    until = CalendarDay(load_default=None, allow_none=True)
    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(KINDS), error=_OFFERED),
        error_messages={"required": _OFFERED},
    )
    hours = HoursText(load_default=())
    weekday = fields.Integer(load_default=0, validate=validate.Range(0, 6, error=_OFFERED))
    name_zh = Text(max=NAME_MAX, load_default="")
    name_en = Text(max=NAME_MAX, load_default="")
    note = Text(max=NOTE_MAX, load_default="")
    estimated = fields.Boolean(load_default=False)

    @validates_schema
    def _stretch(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("until") is not None and not 0 <= (data["until"] - data["on"]).days < DAYS_AT_ONCE:
            raise ValidationError(_("The last day must not come before the first, nor a year after it."), "until")
        if data.get("kind") == OverrideKind.HOURS.value and not data.get("hours"):
            raise ValidationError(_("Give the hours, or choose “Closed all day”."), "hours")


class HolidaysForm(forms.Schema):
    """The year whose holidays are filled in anew."""

    seen = _seen()
    year = fields.Integer(
        required=True,
        validate=validate.Range(2000, calendar_data.LAST_YEAR - 1, error=_l("Give a year between 2000 and 2099.")),
        error_messages={
            "invalid": _l("Give a year between 2000 and 2099."),
            "required": _l("Give a year between 2000 and 2099."),
        },
    )


def week(data: dict[str, Any]) -> Week:
    """The week of a sent form."""
    return tuple(data[f"hours_{day}"] for day in range(7))


def week_values(found: Week) -> dict[str, str]:
    return {f"hours_{day}": calendar_data.hours_text(hours) for day, hours in enumerate(found)}


def season(data: dict[str, Any]) -> Season:
    return Season(first=data["first"], last=data["last"], week=week(data), name=words.from_fields(data))


def season_values(found: Season, place: int) -> dict[str, Any]:
    named = words.to_fields(found.name)
    return {"place": place, "first": found.first, "last": found.last, **named, **week_values(found.week)}


def dates(data: dict[str, Any]) -> Iterator[date]:
    """The dates a sent form means."""
    count = 1 if data["until"] is None else (data["until"] - data["on"]).days + 1
    return (data["on"] + timedelta(days=n) for n in range(count))


def made(data: dict[str, Any]) -> Override | SpecialDay | None:
    """What those dates become; None: as usual again."""
    kind = data["kind"]
    if kind == USUAL:
        return None
    if kind in (DayKind.HOLIDAY.value, DayKind.MAKEUP.value):
        weekday = data["weekday"] if kind == DayKind.MAKEUP.value else 0
        named = words.from_fields(data)
        return SpecialDay(kind=DayKind(kind), weekday=weekday, official=not data["estimated"], name=named)
    hours = data["hours"] if kind == OverrideKind.HOURS.value else ()
    weekday = data["weekday"] if kind == OverrideKind.WEEKDAY.value else 0
    return Override(kind=OverrideKind(kind), hours=hours, weekday=weekday, note=data["note"])


def date_values(calendar: Calendar, on: date) -> dict[str, Any]:
    """What the form shows of a date as it is now."""
    override, day = calendar.overrides.get(on), calendar.days.get(on)
    if override is not None:
        hours = calendar_data.hours_text(override.hours)
        return {
            "on": on,
            "kind": override.kind.value,
            "hours": hours,
            "weekday": override.weekday,
            "note": override.note,
        }
    if day is not None:
        named = words.to_fields(day.name)
        return {"on": on, "kind": day.kind.value, "weekday": day.weekday, "estimated": not day.official, **named}
    return {"on": on, "kind": OverrideKind.CLOSED.value, "weekday": 0}
