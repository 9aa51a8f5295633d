"""Calendars as JSON and as somebody types them (tickets-rules 9, 13, 14)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sites.rules import calendar_changes, calendar_data
from app.sites.rules.calendar_data import Unreadable, read_hours
from app.sites.rules.calendars import DAY, Calendar, Hours, Override, OverrideKind, Season, joined
from tests.sites.minutes import OFFICE, OFFICE_WEEK, random_calendar

HOURS = st.lists(st.tuples(st.integers(0, DAY), st.integers(0, DAY)).map(lambda pair: (min(pair), max(pair)))).map(
    lambda pairs: joined(pairs)[: calendar_data.MOST_INTERVALS]
)


class TestHours:
    @pytest.mark.parametrize(
        ("typed", "hours"),
        [
            ("", ()),
            ("08:00-12:00, 14:00-18:00", OFFICE),
            ("14:00-18:00,8:00-12:00", OFFICE),
            ("8：00—12：00、14：00～18：00", OFFICE),
            ("08:00至12:00 14:00至18:00", OFFICE),
            (" 00:00 - 24:00 ", ((0, 1440),)),
            ("22:00-24:00; 00:00-06:00", ((0, 360), (1320, 1440))),
            ("08:00-12:00, 12:00-13:00", ((480, 780),)),
        ],
    )
    def test_as_people_write_them(self, typed: str, hours: Hours) -> None:
        assert read_hours(typed) == hours

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ("8-12", Unreadable.FORM),
            ("08:00", Unreadable.FORM),
            ("08:60-09:00", Unreadable.FORM),
            ("08:00-24:01", Unreadable.FORM),
            ("٠٨:٠٠-١٢:٠٠", Unreadable.FORM),
            ("closed", Unreadable.FORM),
            ("22:00-06:00", Unreadable.ORDER),
            ("08:00-08:00", Unreadable.ORDER),
            ("08:00-12:00, 11:00-13:00", Unreadable.OVERLAP),
            (", ".join(f"{n:02d}:00-{n:02d}:30" for n in range(7)), Unreadable.MANY),
        ],
    )
    def test_what_cannot_be_read_is_named(self, typed: str, why: str) -> None:
        with pytest.raises(Unreadable, match=why):
            read_hours(typed)

    @settings(max_examples=200)
    @given(HOURS)
    def test_written_and_read_again(self, hours: Hours) -> None:
        assert read_hours(calendar_data.hours_text(hours)) == hours


@settings(max_examples=100)
@given(st.randoms(use_true_random=True))
def test_a_calendar_survives_being_stored(chance: random.Random) -> None:
    calendar = random_calendar(chance, date(2026, 3, 1), 60)
    found = calendar_data.read(calendar_data.written(calendar))
    assert calendar_data.written(found) == calendar_data.written(calendar)
    assert all(found.hours(day) == calendar.hours(day) for day in (date(2026, 3, 1) + timedelta(n) for n in range(60)))


def test_a_week_has_seven_days() -> None:
    stored = calendar_data.written(TestFaults.GOOD)
    with pytest.raises(ValueError, match="unpack"):
        calendar_data.read({**stored, "week": stored["week"][:6]})


class TestFaults:
    GOOD = Calendar(zone="Asia/Shanghai", week=OFFICE_WEEK)

    def test_none(self) -> None:
        assert calendar_data.faults(self.GOOD) == []
        assert calendar_data.faults(Calendar(zone="UTC", always=True)) == []

    @pytest.mark.parametrize(
        ("wrong", "fault"),
        [
            ({"zone": "Mars/Olympus"}, ("zone", "zone")),
            ({"zone": "../etc/passwd"}, ("zone", "zone")),
            ({"week": ((),) * 7}, ("week", "nothing")),
            (
                {"seasons": (Season(first=date(2026, 8, 1), last=date(2026, 7, 1), week=OFFICE_WEEK),)},
                ("seasons", "span"),
            ),
            (
                {"seasons": (Season(first=date(2026, 7, 1), last=date(2026, 8, 1), week=OFFICE_WEEK),) * 2},
                ("seasons", "overlap"),
            ),
            (
                {"seasons": (Season(first=date(2026, 7, 1), last=date(9999, 8, 1), week=OFFICE_WEEK),)},
                ("seasons", "year"),
            ),
            (
                {
                    "seasons": tuple(
                        Season(first=day, last=day, week=OFFICE_WEEK)
                        for day in (date(2026, 1, 1) + timedelta(n) for n in range(calendar_data.MOST_SEASONS + 1))
                    )
                },
                ("seasons", "many"),
            ),
            ({"overrides": {date(1200, 1, 1): Override(kind=OverrideKind.CLOSED)}}, ("overrides", "year")),
            (
                {
                    "overrides": {
                        date(2026, 1, 1) + timedelta(n): Override(kind=OverrideKind.CLOSED) for n in range(1001)
                    }
                },
                ("overrides", "many"),
            ),
        ],
    )
    def test_each(self, wrong: dict[str, object], fault: tuple[str, str]) -> None:
        assert calendar_data.faults(replace(self.GOOD, **wrong)) == [fault]


def test_what_a_version_changes_is_told_in_runs() -> None:
    before = Calendar(zone="Asia/Shanghai", week=OFFICE_WEEK)
    closed = {date(2026, 11, 18) + timedelta(n): Override(kind=OverrideKind.CLOSED) for n in range(5)}
    after = replace(before, overrides={**closed, date(2026, 11, 28): Override(kind=OverrideKind.WEEKDAY)})
    found = calendar_changes.changed_days(before, after, date(2026, 11, 1), 60)
    assert [(run.first.day, run.last.day, run.after) for run in found] == [(18, 20, ()), (28, 28, OFFICE)]
    assert [calendar_changes.minutes_of(run.before) for run in found] == [480, 0]
    assert calendar_changes.changed_days(before, before, date(2026, 11, 1), 60) == []
