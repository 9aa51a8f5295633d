"""Times as people read them: today's by the hour, others with their day, those of other years with the year."""

from __future__ import annotations

import importlib.util
from contextvars import Context
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from app.core import clock, i18n

NOW = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # 07:30 on 3 March in Shanghai


@pytest.fixture(autouse=True)
def at_work(app: Flask) -> object:
    with app.test_request_context("/"), clock.frozen(NOW):
        yield


@pytest.mark.parametrize(
    ("at", "english", "chinese"),
    [
        (NOW, "07:30", "07:30"),
        (NOW - timedelta(hours=8), "2 Mar, 23:30", "3月2日 23:30"),
        (datetime(2025, 12, 31, 16, 5, tzinfo=UTC), "1 Jan, 00:05", "1月1日 00:05"),
        (datetime(2025, 12, 31, 15, 5, tzinfo=UTC), "31 Dec 2025, 23:05", "2025年12月31日 23:05"),
        (None, "", ""),
    ],
)
def test_a_moment_says_no_more_than_is_needed(at: datetime | None, english: str, chinese: str) -> None:
    for tag, expected in (("en", english), ("zh-CN", chinese)):
        with i18n.speaking(tag):
            assert i18n.format_moment(at) == expected


def test_the_day_is_that_of_the_zone() -> None:
    with i18n.speaking("en"), i18n.in_zone("Europe/London"):
        assert i18n.format_moment(NOW) == "23:30"
        assert i18n.format_moment(NOW + timedelta(hours=1)) == "3 Mar, 00:30"


def test_the_same_moment_is_said_anew_each_day() -> None:
    said = []
    for days in (0, 1, 2, 400):
        with clock.frozen(NOW + timedelta(days=days)), i18n.speaking("en"):
            said.append((i18n.format_moment(NOW), i18n.format_due(NOW)))
    assert said == [
        ("07:30", "07:30 today"),
        ("3 Mar, 07:30", "07:30 yesterday"),
        ("3 Mar, 07:30", "3 Mar, 07:30"),
        ("3 Mar 2026, 07:30", "3 Mar 2026, 07:30"),
    ]


@pytest.mark.parametrize(
    ("hours", "english", "chinese"),
    [
        (3, "3 Mar, 07:30–10:30", "3月3日 07:30–10:30"),
        (20, "3 Mar, 07:30 – 4 Mar, 03:30", "3月3日 07:30 – 3月4日 03:30"),
    ],
)
def test_a_period_names_a_day_once(hours: int, english: str, chinese: str) -> None:
    for tag, expected in (("en", english), ("zh-CN", chinese)):
        with i18n.speaking(tag):
            assert i18n.format_period(NOW, NOW + timedelta(hours=hours)) == expected


@pytest.mark.parametrize(
    ("minutes", "english", "chinese"),
    [(0, "0 min", "0 分"), (144.9, "2 h 24 min", "2 小时 24 分"), (2 * 1440 + 5, "2 d 5 min", "2 天 5 分")],
)
def test_a_span_has_two_units(minutes: float, english: str, chinese: str) -> None:
    for tag, expected in (("en", english), ("zh-CN", chinese), ("en", english)):
        with i18n.speaking(tag):
            assert i18n.format_span(minutes) == expected


def test_things_are_listed_with_the_mark_of_the_language(app: Flask) -> None:
    for tag, said in (("en", "a, 2"), ("zh-CN", "a、2")):
        with i18n.speaking(tag):
            assert i18n.listed(["a", 2]) == said


def test_outside_of_an_application_the_error_says_so() -> None:
    with pytest.raises(RuntimeError, match="outside of application context"):
        Context().run(i18n.locale)


def test_it_matters_not_that_it_is_first_imported_at_work() -> None:
    spec = importlib.util.spec_from_file_location("imported_at_work", i18n.__file__)
    assert spec is not None
    assert spec.loader is not None
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    with anew.speaking("en"):
        assert anew.locale() == "en"
