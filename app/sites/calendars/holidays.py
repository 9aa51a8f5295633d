"""Holidays and make-up days of a country and year, as rows of a calendar version (tickets-rules 14)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from app.sites.rules.calendars import DayKind, SpecialDay, days_off

EXCHANGED = {"zh-CN": "调休休息", "en": "Day off in exchange"}
WORKED = {"zh-CN": "调休上班", "en": "Worked in exchange"}
BESIDE = {"zh-CN": "假期连休", "en": "Weekend beside a holiday"}

COUNTRIES = {"CN": ("zh_CN", "en_US"), "HK": ("zh_CN", "en_US"), "GB": ("en_GB", "en_GB"), "US": ("en_US", "en_US")}
"""Countries a calendar can be filled with, and the languages their days are named in: Chinese, English."""


def days(country: str, years: Iterable[int]) -> dict[date, SpecialDay]:
    """The days off, the make-up days and the weekend days that touch a day off, of some years.

    Official are those an authority has announced: in China a year whose exchanged days are known. KeyError for a
    country that is not in COUNTRIES.
    """
    wanted = sorted(set(years))
    chinese, english = (_table(country, language, wanted) for language in COUNTRIES[country])
    makeups = {day for day in getattr(english, "weekend_workdays", ()) if day.year in wanted}
    announced = _announced(country, makeups, wanted)
    found = {
        day: SpecialDay(
            kind=DayKind.HOLIDAY,
            official=day.year in announced and "estimated" not in english[day],
            name=_name(chinese.get(day), english[day]),
        )
        for day in english
    }
    for day in makeups:
        found[day] = SpecialDay(kind=DayKind.MAKEUP, official=day.year in announced, name=WORKED)
    for day in days_off([day for day in found if day not in makeups], makeups):
        found[day] = SpecialDay(kind=DayKind.HOLIDAY, official=day.year in announced, name=BESIDE)
    return dict(sorted(found.items()))


def _announced(country: str, makeups: Iterable[date], years: Iterable[int]) -> set[int]:
    return {day.year for day in makeups} if country == "CN" else set(years)


def _table(country: str, language: str, years: list[int]) -> Any:
    import holidays  # noqa: PLC0415 - a hundred countries, needed when a calendar is filled only

    return holidays.country_holidays(country, years=years, language=language)


def _name(chinese: str | None, english: str) -> dict[str, str]:
    if chinese is not None and "调休" in chinese:
        return EXCHANGED
    return {"zh-CN": chinese or english, "en": english}
