"""Languages and local forms of dates, numbers and times.

zh-CN and en are equals. The reader's language: the API's Accept-Language; on pages the person's choice, the
cookie's, the browser's, the default. Times are shown in the institution's zone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g, has_app_context, has_request_context, request, session
from flask.globals import _cv_app, app_ctx
from flask_babel import Babel, force_locale, get_translations, ngettext
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from app.core import clock
from app.core.words import LANGUAGES

_FOLDERS = {"zh-CN": "zh_Hans_CN", "en": "en"}
LOCALE_COOKIE_KEY = "lang"
DEFAULT_ZONE = "Asia/Shanghai"
KEPT_AT_MOST = 4096
HEADERS_KEPT = 256  # texts somebody else chose the length of
_ASKED = ("zh-CN", "zh", "zh-Hans", "zh-TW", "en", "en-GB", "en-US")


def _here() -> dict[str, Any]:
    """What stands in `g`. Asked hundreds of times for a page: past the proxy to the variable behind it, and past the
    methods of `g`."""
    try:
        return vars(_cv_app.get().g)
    except LookupError:
        return vars(app_ctx.g)  # the proxy says what is missing


Of = ParamSpec("Of")
Said = TypeVar("Said")


def locale() -> str:
    """BCP 47 tag of the reader's language: `zh-CN` or `en`; inside `speaking` that of the receiver."""
    found: str | None = _here().get("locale")
    if found is None:
        if not has_request_context():
            return current_default()
        found = _here()["locale"] = _choose()
    return found


def current_default() -> str:
    default: str = current_app.config["DEFAULT_LOCALE"]
    return default


def _choose() -> str:
    if request.path.startswith("/api/"):
        return of_browser()
    actor = getattr(g, "actor", None)
    for candidate in (actor.locale if actor else None, session.get(LOCALE_COOKIE_KEY)):
        if candidate in LANGUAGES:
            return str(candidate)
    return of_browser()


def of_browser() -> str:
    """The language of whoever has chosen none: what his browser asks for, else the usual one."""
    return _of_browser(request.headers.get("Accept-Language", "")) or current_default()


@lru_cache(maxsize=HEADERS_KEPT)
def _of_browser(header: str) -> str | None:
    """The language a browser asks for; None where it asks for none of ours."""
    asked = parse_accept_header(header, LanguageAccept).best_match(_ASKED)
    return None if asked is None else ("zh-CN" if asked.startswith("zh") else "en")


def per_language(say: Callable[Of, Said], at_most: int = KEPT_AT_MOST) -> Callable[Of, Said]:
    """Keep what `say` answers, by language and (hashable) arguments; the last `at_most` of them.

    Only for words that depend on nothing else, and for answers nobody changes.
    """

    @lru_cache(maxsize=at_most, typed=True)
    def kept(_tag: str, *of: Of.args, **named: Of.kwargs) -> Said:
        return say(*of, **named)

    @wraps(say)
    def said(*of: Of.args, **named: Of.kwargs) -> Said:
        return kept(locale(), *of, **named)  # type: ignore[arg-type]  # what is not hashable is refused

    return said


@per_language
def message(text: str) -> str:
    """A message of ours in the reader's language, its variables left in."""
    found: str = get_translations().ugettext(text)
    return found


def gettext(text: str, **variables: Any) -> str:
    """`_()` for what is said row by row: looked up once per language and process."""
    found = message(text)
    return found % variables if variables else found


def speaking(tag: str) -> Any:
    """Context manager: gettext and formats in `tag` (mail and notices are written in the receiver's language)."""
    return _Speaking(tag)


class _Speaking:
    def __init__(self, tag: str) -> None:
        self.tag = tag if tag in LANGUAGES else LANGUAGES[0]

    def __enter__(self) -> None:
        self.before = g.get("locale")
        g.locale = self.tag
        self.babel = force_locale(_FOLDERS[self.tag])
        self.babel.__enter__()

    def __exit__(self, *error: Any) -> None:
        self.babel.__exit__(*error)
        g.locale = self.before


def zone() -> tzinfo:
    """The zone in which times are shown: the institution's (flag `zone`), or the one of `in_zone` around it."""
    if not has_app_context():
        return _zone(DEFAULT_ZONE)
    here = _here()
    named: tzinfo | None = here.get("zone")
    if named is not None:
        return named
    facts = here.get("institution")
    return _zone(facts.flags.get("zone", DEFAULT_ZONE) if facts else DEFAULT_ZONE)


@contextmanager
def in_zone(name: str | None) -> Iterator[None]:
    """Inside, times are shown in the zone of an IANA name: a campus may have its own. None: nothing changes."""
    here = _here()
    before = here.get("zone")
    here["zone"] = before if name is None else _zone(name)
    try:
        yield
    finally:
        here["zone"] = before


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "zh-CN": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
}
_WEEKDAYS_IN_FULL = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_THIS_WEEK = 6  # days ahead a weekday's name says which day is meant


def format_day(value: date | datetime | None, *, year: bool | None = None) -> str:
    """`22 Nov` / `11月22日`; with the year where it is not this year's (or as asked)."""
    if value is None:
        return ""
    day = value.astimezone(zone()).date() if isinstance(value, datetime) else value
    return _day_said(day, locale(), year=day.year != _today(zone()).year if year is None else year)


def _day_said(day: date, tag: str, *, year: bool) -> str:
    if tag == "en":
        return f"{day.day} {_MONTHS[day.month - 1]}" + (f" {day.year}" if year else "")
    return (f"{day.year}年" if year else "") + f"{day.month}月{day.day}日"


def format_month(number: int) -> str:
    """`Nov` / `11月`."""
    return _MONTHS[number - 1] if locale() == "en" else f"{number}月"


def format_weekday(value: date | datetime) -> str:
    day = value.astimezone(zone()).date() if isinstance(value, datetime) else value
    return _WEEKDAYS[locale()][day.weekday()]


def short_weekdays() -> list[str]:
    """The heads of a calendar's columns, Monday first."""
    names = _WEEKDAYS[locale()]
    return [name[:2] for name in names] if locale() == "en" else [name[-1:] for name in names]


def weekday_name(number: int) -> str:
    """A day of the week by its number, 0 is Monday."""
    return _WEEKDAYS[locale()][number]


def format_time(value: datetime | None) -> str:
    """`09:26`, 24 hours."""
    return "" if value is None else _time(value.astimezone(zone()))


def _time(local: datetime) -> str:
    return f"{local.hour:02}:{local.minute:02}"


def format_moment(value: datetime | None) -> str:
    """Time alone for today, else day and time: `09:26`, `22 Nov, 09:26` / `11月22日 09:26`."""
    if value is None:
        return ""
    here = zone()
    return _moment_said(value, here, _today(here), locale())


@lru_cache(maxsize=KEPT_AT_MOST)
def _moment_said(value: datetime, here: tzinfo, today: date, tag: str) -> str:
    local = value.astimezone(here)
    day = local.date()
    if day == today:
        return _time(local)
    return f"{_day_said(day, tag, year=day.year != today.year)}{', ' if tag == 'en' else ' '}{_time(local)}"


def format_period(starts: datetime, ends: datetime) -> str:
    """From when until when, with the day in any case, since mail is read another day.

    `2 Dec, 04:00–10:00`, `1 Dec, 22:00 – 2 Dec, 02:00` / `12月2日 04:00–10:00`.
    """
    here, between = zone(), ", " if locale() == "en" else " "
    first = f"{format_day(starts)}{between}{format_time(starts)}"
    if starts.astimezone(here).date() == ends.astimezone(here).date():
        return f"{first}–{format_time(ends)}"
    return f"{first} – {format_day(ends)}{between}{format_time(ends)}"


def format_due(value: datetime | None, *, dated: bool = False) -> str:
    """A moment as it is promised: `18:00 today`, `12:00 tomorrow`, `Wednesday 18:00`, else `3 Dec, 18:00`.

    In Chinese `今天 18:00`, `明天 12:00`, `周三 18:00` (`下周三` in the week after), `12月3日 18:00`. `dated`: with the
    date in any case, for what may be read another day (mail): `18:00 today, 18 Nov`, `11月18日（今天）18:00`.
    Midnight is the end of the day it closes, `24:00 today`: by 00:00 on Tuesday is read as a day more.
    """
    if value is None:
        return ""
    here = zone()
    return _due_said(value, here, _today(here), locale(), dated)


@lru_cache(maxsize=KEPT_AT_MOST)
def _due_said(value: datetime, here: tzinfo, today: date, tag: str, dated: bool) -> str:
    local = value.astimezone(here)
    time = _time(local)
    if time == "00:00":
        local, time = local - timedelta(minutes=1), "24:00"
    english, written = tag == "en", _day_said(local.date(), tag, year=local.year != today.year)
    day = _day_named((local.date() - today).days, local.weekday(), english=english)
    if not day:
        return f"{written}, {time}" if english else f"{written} {time}"
    if not english:
        return f"{written}（{day}）{time}" if dated else f"{day} {time}"
    said = f"{day} {time}" if day in _WEEKDAYS_IN_FULL else f"{time} {day}"
    return f"{said}, {written}" if dated else said


_NEAR = {-1: ("yesterday", "昨天"), 0: ("today", "今天"), 1: ("tomorrow", "明天")}


def _day_named(ahead: int, weekday: int, *, english: bool) -> str:
    """What people call the day so many days ahead; empty where only its date names it."""
    if ahead in _NEAR:
        return _NEAR[ahead][0 if english else 1]
    if not 0 < ahead <= _THIS_WEEK:
        return ""
    if english:
        return _WEEKDAYS_IN_FULL[weekday]
    return ("下" if weekday - ahead < 0 else "") + _WEEKDAYS["zh-CN"][weekday]


def format_number(value: float | int | None, digits: int = 0) -> str:
    """Grouped by thousands in both languages: `12,400`."""
    return "" if value is None else f"{value:,.{digits}f}"


def listed(names: Iterable[Any]) -> str:
    """Things named one after the other: `a, b` / `甲、乙`."""
    return gettext(", ").join(map(str, names))


def sentences(said: Iterable[Any]) -> str:
    """Whole sentences one after the other, those that are empty left out: a blank between them, in Chinese none."""
    found = [each if isinstance(each, Markup) else str(each) for each in said if each]
    gap = "" if locale() == "zh-CN" else " "
    return (escape(gap) if any(isinstance(each, Markup) for each in found) else gap).join(found)


def format_span(minutes: float) -> str:
    """A length of time in the two largest units: `2 h 24 min` / `2 小时 24 分`."""
    return _span(int(minutes))


@per_language
def _span(minutes: int) -> str:
    days, rest = divmod(minutes, 1440)
    hours, mins = divmod(rest, 60)
    parts = list(zip((days, hours, mins), _units(), strict=True))
    shown = [(count, unit) for count, unit in parts if count][:2] or parts[-1:]
    return " ".join(f"{count} {unit}" for count, unit in shown)


def format_hours(minutes: float) -> str:
    """A length of working time, hours the largest unit: `37 h 5 min`; a day of it would be taken for 24 hours."""
    hours, rest = divmod(int(minutes), 60)
    _day, hour, minute = _units()
    return (
        " ".join(part for part in (f"{hours} {hour}" if hours else "", f"{rest} {minute}" if rest else "") if part)
        or f"0 {minute}"
    )


@per_language
def _units() -> tuple[str, str, str]:
    return gettext("d"), gettext("h"), gettext("min")


def format_ago(value: datetime | None) -> str:
    """How long ago, rough: `3 min ago`; a day or older becomes the moment itself."""
    if value is None:
        return ""
    seconds = (clock.now() - value).total_seconds()
    if seconds < 60:
        return str(gettext("just now"))
    if seconds < 3600:
        return str(ngettext("%(num)d min ago", "%(num)d min ago", int(seconds // 60)))
    if seconds < 86400:
        return str(ngettext("%(num)d h ago", "%(num)d h ago", int(seconds // 3600)))
    return format_moment(value)


def _today(here: tzinfo) -> date:
    return clock.now().astimezone(here).date()


def iso(value: datetime | None) -> str | None:
    """RFC 3339 UTC, as the API and `<time datetime>` want it."""
    if value is None:
        return None
    return (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat().removesuffix("+00:00") + "Z"


def install(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=lambda: _FOLDERS[locale()])
    app.add_template_filter(format_moment, "dt")
    app.add_template_filter(format_period, "period")
    app.add_template_filter(format_day, "day")
    app.add_template_filter(format_weekday, "weekday")
    app.add_template_filter(format_time, "clock")
    app.add_template_filter(format_due, "due")
    app.add_template_filter(format_number, "num")
    app.add_template_filter(listed, "listed")
    app.add_template_filter(sentences, "sentences")
    app.add_template_filter(format_span, "span")
    app.add_template_filter(format_hours, "hours")
    app.add_template_filter(format_ago, "rel")
    app.add_template_filter(iso, "iso")
