"""What kind of day each date is, and what an editor does to a calendar (tickets-rules 13, 14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.sites.rules import calendar_edit
from app.sites.rules.calendar_year import Look, dates, look, stretches, worked
from app.sites.rules.calendars import Calendar, DayKind, Override, OverrideKind, Season, SpecialDay
from tests.sites.minutes import OFFICE_WEEK

SHORT = ((540, 720),)
HOLIDAY = SpecialDay(kind=DayKind.HOLIDAY, name={"en": "National Day"})
MAKEUP = SpecialDay(kind=DayKind.MAKEUP, official=False)
CLOSED = Override(kind=OverrideKind.CLOSED, note="games")
PLAIN = Calendar(zone="Asia/Shanghai", week=OFFICE_WEEK)
VACATION = Season(
    first=date(2026, 7, 6), last=date(2026, 8, 30), week=(SHORT, SHORT, SHORT, (), (), (), ()), name={"en": "Vacation"}
)
FULL = replace(
    PLAIN,
    seasons=(VACATION,),
    days={date(2026, 10, 1): HOLIDAY, date(2026, 10, 2): HOLIDAY, date(2026, 10, 10): MAKEUP},
    overrides={date(2026, 11, 19): CLOSED, date(2026, 11, 20): Override(kind=OverrideKind.HOURS, hours=SHORT)},
)


def test_rule_13_each_kind_of_day() -> None:
    found = {
        date(2026, 11, 18): Look.WORKED,
        date(2026, 11, 21): Look.OFF,
        date(2026, 7, 6): Look.SEASON,
        date(2026, 7, 9): Look.OFF,
        date(2026, 10, 1): Look.HOLIDAY,
        date(2026, 10, 10): Look.MAKEUP,
        date(2026, 11, 19): Look.CLOSED,
        date(2026, 11, 20): Look.OTHER,
    }
    assert {on: look(FULL, on) for on in found} == found


def test_rule_14_what_is_not_as_usual_as_stretches() -> None:
    found = [
        (each.first.isoformat(), each.last.isoformat(), each.look, each.official) for each in stretches(FULL, 2026)
    ]
    assert found == [
        ("2026-07-06", "2026-08-30", Look.SEASON, True),
        ("2026-10-01", "2026-10-02", Look.HOLIDAY, True),
        ("2026-10-10", "2026-10-10", Look.MAKEUP, False),
        ("2026-11-19", "2026-11-19", Look.CLOSED, True),
        ("2026-11-20", "2026-11-20", Look.OTHER, True),
    ]
    over = replace(VACATION, first=date(2026, 12, 28), last=date(2027, 1, 5))
    (clipped,) = stretches(replace(PLAIN, seasons=(over,)), 2027)
    assert (clipped.first, clipped.last) == (date(2027, 1, 1), date(2027, 1, 5))


def test_the_days_of_a_year_are_counted() -> None:
    days, minutes = worked(PLAIN, 2026)
    assert (days, minutes) == (261, 261 * 480)
    assert len(list(dates(2028))) == 366


def test_rule_13_a_decision_is_taken_back_to_what_was_below() -> None:
    on = date(2026, 10, 1)
    over = calendar_edit.with_dates(FULL, [on], CLOSED)
    assert look(over, on) is Look.CLOSED
    assert calendar_edit.with_dates(over, [on], None) == FULL
    twice = calendar_edit.with_dates(calendar_edit.with_dates(over, [on], None), [on], None)
    assert look(twice, on) is Look.WORKED
    assert look(calendar_edit.with_dates(over, [on], MAKEUP), on) is Look.MAKEUP  # no override is left above it


def test_rule_13_seasons_are_added_changed_and_taken_out() -> None:
    spring = replace(VACATION, first=date(2026, 2, 1), last=date(2026, 2, 28))
    two = calendar_edit.with_season(FULL, spring)
    assert [each.first.month for each in two.seasons] == [2, 7]
    moved = calendar_edit.with_season(two, replace(spring, last=date(2026, 2, 20)), 0)
    assert [each.last.day for each in moved.seasons] == [20, 30]
    assert calendar_edit.without_season(moved, 0).seasons == (VACATION,)


def test_rule_14_holidays_of_a_year_are_filled_in_anew() -> None:
    new = {date(2026, 5, 1): HOLIDAY, date(2027, 5, 1): HOLIDAY}
    before = calendar_edit.with_dates(FULL, [date(2025, 10, 1)], HOLIDAY)
    found = calendar_edit.with_holidays(before, 2026, new)
    assert sorted(found.days) == [date(2025, 10, 1), date(2026, 5, 1)]
    assert found.overrides == FULL.overrides


@given(st.sets(st.integers(0, 364), max_size=12), st.sampled_from([CLOSED, HOLIDAY, MAKEUP]))
def test_stretches_say_every_date_once(days: set[int], made: Override | SpecialDay) -> None:
    chosen = {date(2026, 1, 1) + timedelta(days=n) for n in days}
    found = stretches(calendar_edit.with_dates(PLAIN, chosen, made), 2026)
    told = [each.first + timedelta(days=n) for each in found for n in range((each.last - each.first).days + 1)]
    assert told == sorted(chosen)
