"""A calendar as people look at it: a year on the wall, the dates that are not as usual, hours in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core import almanac, i18n, words
from app.sites.rules import calendar_data
from app.sites.rules.calendar_year import Look, Stretch, dates, look, stretches, worked
from app.sites.rules.calendars import Calendar, Hours, Week

LOOK_LABELS: Final[dict[Look, Any]] = {
    Look.WORKED: _l("Worked"),
    Look.OFF: _l("Not worked"),
    Look.SEASON: _l("Worked by the hours of a season"),
    Look.HOLIDAY: _l("Holiday"),
    Look.MAKEUP: _l("Make-up day"),
    Look.CLOSED: _l("Closed all day"),
    Look.OTHER: _l("Other hours"),
}
_TONES: Final = {
    Look.OFF: "off",
    Look.SEASON: "exam",
    Look.HOLIDAY: "holiday",
    Look.MAKEUP: "work",
    Look.CLOSED: "break",
    Look.OTHER: "more",
}
# one letter in the square; those of Chinese calendars are a convention of their own and no translation of the others
_SIGNS: Final[dict[str, dict[Look, str]]] = {
    "en": {Look.SEASON: "s", Look.HOLIDAY: "H", Look.MAKEUP: "W", Look.CLOSED: "C", Look.OTHER: "h", Look.OFF: "–"},
    "zh-CN": {
        Look.SEASON: "季",
        Look.HOLIDAY: "休",
        Look.MAKEUP: "班",
        Look.CLOSED: "停",
        Look.OTHER: "改",
        Look.OFF: "–",
    },
}
FIRST_YEAR, LAST_YEAR = calendar_data.FIRST_YEAR, calendar_data.LAST_YEAR - 1


def year_of(asked: str | None, today: date) -> int:
    """The year an address asks for; the present one where it says nothing that can be meant."""
    given = int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) == 4 else today.year
    return min(max(given, FIRST_YEAR), LAST_YEAR)


def hours(found: Hours) -> str:
    """`08:00–12:00, 14:00–18:00`, or that it is closed."""
    return calendar_data.hours_text(found).replace("-", "–") or _("closed")


def shown(calendar: Calendar, year: int, today: date, url: Callable[[date], str] | None = None) -> dict[str, Any]:
    """What the macro of a year and its table take."""
    marks = {on: mark for on in dates(year) if (mark := _mark(calendar, on, url)) is not None}
    days, minutes = worked(calendar, year)
    return {
        "year": year,
        "months": almanac.year(year, marks, today=today),
        "names": [i18n.format_month(number) for number in range(1, 13)],
        "weekdays": i18n.short_weekdays(),
        "key": _key(calendar, year),
        "lines": [_line(each) for each in stretches(calendar, year)],
        "days": days,
        "hours": round(minutes / 60),
        "guessed": _guessed(calendar, year),
    }


def _guessed(calendar: Calendar, year: int) -> bool:
    return any(on.year == year and not day.official for on, day in calendar.days.items())


def _mark(calendar: Calendar, on: date, url: Callable[[date], str] | None) -> almanac.Mark | None:
    kind = look(calendar, on)
    there = url(on) if url is not None else None
    if kind is Look.WORKED and there is None:
        return almanac.Mark("plain", hours(calendar.hours(on)))
    day = calendar.days.get(on)
    guess = kind in (Look.HOLIDAY, Look.MAKEUP) and day is not None and not day.official
    said = [str(LOOK_LABELS[kind])] if kind not in (Look.WORKED, Look.OFF) else []
    if day is not None and day.name and kind in (Look.HOLIDAY, Look.MAKEUP):
        said.append(words.text(day.name, i18n.locale()))
    if on in calendar.overrides and calendar.overrides[on].note:
        said.append(calendar.overrides[on].note)
    if guess:
        said.append(_("estimated"))
    if kind not in (Look.HOLIDAY, Look.CLOSED):
        said.append(hours(calendar.hours(on)))
    sign = _signs().get(kind, "") + ("?" if guess else "")
    return almanac.Mark(_TONES.get(kind, "plain"), " · ".join(said), there, sign, guess)


def _signs() -> dict[Look, str]:
    return _SIGNS[i18n.locale()]


def _key(calendar: Calendar, year: int) -> list[tuple[str, str, str, bool]]:
    """The looks the year has, with their words and signs."""
    there = {look(calendar, on) for on in dates(year)}
    found = [
        (_TONES.get(kind, "plain"), str(LOOK_LABELS[kind]), _signs().get(kind, ""), False)
        for kind in Look
        if kind in there
    ]
    if _guessed(calendar, year):
        found.append(("holiday", _("Estimated, not announced yet"), "?", True))
    return found


def _line(each: Stretch) -> dict[str, Any]:
    return {
        "first": each.first,
        "last": each.last,
        "days": (each.last - each.first).days + 1,
        "what": str(LOOK_LABELS[each.look]) if each.look is not Look.SEASON else _("Season"),
        "name": words.text(each.name, i18n.locale()) or each.note,
        "hours": _("by the week of the season") if each.hours is None else hours(each.hours),
        "official": each.official,
        "sure": each.look in (Look.HOLIDAY, Look.MAKEUP),
    }


def week(found: Week) -> list[tuple[str, str]]:
    """A week in words: weekday and hours, neighbours with the same hours as one."""
    names = [i18n.format_weekday(date(2024, 1, day)) for day in range(1, 8)]
    lines: list[tuple[int, int]] = []
    for number in range(7):
        if lines and found[lines[-1][0]] == found[number]:
            lines[-1] = (lines[-1][0], number)
        else:
            lines.append((number, number))
    return [
        (
            names[first] if first == last else _("%(first)s–%(last)s", first=names[first], last=names[last]),
            hours(found[first]),
        )
        for first, last in lines
    ]
