"""Which hours a date has (tickets-rules 13, 14)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sites.rules import calendars
from app.sites.rules.calendars import Because, Calendar, DayKind, Override, OverrideKind, Season, SpecialDay
from tests.sites.minutes import OFFICE, OFFICE_WEEK

SHORT = ((540, 720),)
SUMMER = Season(first=date(2026, 7, 6), last=date(2026, 8, 30), week=(SHORT, SHORT, SHORT, SHORT, SHORT, (), ()))
TERM = Calendar(
    zone="Asia/Shanghai",
    week=OFFICE_WEEK,
    seasons=(SUMMER,),
    days={
        date(2026, 10, 1): SpecialDay(kind=DayKind.HOLIDAY),
        date(2026, 10, 10): SpecialDay(kind=DayKind.MAKEUP),
        date(2026, 8, 1): SpecialDay(kind=DayKind.MAKEUP),
    },
)


class TestStrength:
    """13: override > holiday or make-up day > season > week."""

    @pytest.mark.parametrize(
        ("on", "hours", "because"),
        [
            (date(2026, 9, 28), OFFICE, Because.WEEK),
            (date(2026, 9, 27), (), Because.WEEK),
            (date(2026, 10, 1), (), Because.HOLIDAY),
            (date(2026, 10, 10), OFFICE, Because.MAKEUP),  # a Saturday, as Monday unless said
            (date(2026, 7, 6), SHORT, Because.SEASON),  # both ends inclusive
            (date(2026, 8, 30), (), Because.SEASON),  # a Sunday
            (date(2026, 8, 31), OFFICE, Because.WEEK),
            (date(2026, 8, 1), SHORT, Because.MAKEUP),  # as the season's Monday
        ],
    )
    def test_in_order(self, on: date, hours: calendars.Hours, because: Because) -> None:
        assert TERM.decided(on) == (hours, because)

    @pytest.mark.parametrize(
        ("override", "hours"),
        [
            (Override(kind=OverrideKind.CLOSED), ()),
            (Override(kind=OverrideKind.HOURS, hours=SHORT), SHORT),
            (Override(kind=OverrideKind.WEEKDAY, weekday=2), OFFICE),
        ],
    )
    def test_override_wins_over_a_holiday(self, override: Override, hours: calendars.Hours) -> None:
        day = date(2026, 10, 1)
        changed = Calendar(zone=TERM.zone, week=TERM.week, days=TERM.days, overrides={day: override})
        assert changed.decided(day) == (hours, Because.OVERRIDE)

    def test_as_weekday_takes_the_week_of_the_season(self) -> None:
        day = date(2026, 7, 11)  # a Saturday of the vacation
        changed = Calendar(
            zone=TERM.zone,
            week=TERM.week,
            seasons=TERM.seasons,
            overrides={day: Override(kind=OverrideKind.WEEKDAY, weekday=0)},
        )
        assert changed.hours(day) == SHORT

    def test_round_the_clock_asks_nothing_else(self) -> None:
        day = date(2026, 10, 1)
        always = Calendar(
            zone="Asia/Shanghai",
            always=True,
            days=TERM.days,
            overrides={day: Override(kind=OverrideKind.CLOSED)},
        )
        assert always.decided(day) == (calendars.ALL_DAY, Because.ALWAYS)


class TestIntervals:
    @given(st.lists(st.tuples(st.integers(0, 1440), st.integers(0, 1440)).map(lambda pair: (min(pair), max(pair)))))
    def test_joined_holds_the_same_minutes_in_order_and_apart(self, given: list[tuple[int, int]]) -> None:
        found = calendars.joined(given)
        assert {minute for start, end in given for minute in range(start, end)} == {
            minute for start, end in found for minute in range(start, end)
        }
        assert all(before[1] < after[0] for before, after in pairwise(found))

    @pytest.mark.parametrize("wrong", [(-1, 10), (600, 500), (1200, 1441)])
    def test_an_interval_stays_on_its_date(self, wrong: tuple[int, int]) -> None:
        with pytest.raises(ValueError, match="no interval"):
            calendars.joined([wrong])

    def test_seasons_that_share_a_date_are_named(self) -> None:
        other = Season(first=SUMMER.last, last=SUMMER.last + timedelta(days=9), week=OFFICE_WEEK)
        assert calendars.overlapping([other, SUMMER]) == (SUMMER, other)
        later = Season(first=SUMMER.last + timedelta(days=1), last=other.last, week=OFFICE_WEEK)
        assert calendars.overlapping([later, SUMMER]) is None


class TestDaysOff:
    """14: a weekend day touching a day off and no make-up day is closed."""

    def test_national_day_2026(self) -> None:
        holidays = [date(2026, 10, day) for day in range(1, 8)]
        makeups = [date(2026, 9, 20), date(2026, 10, 10)]
        # 3 and 4 October are holidays themselves, nothing else touches them
        assert calendars.days_off(holidays, makeups) == set()

    def test_a_friday_takes_its_weekend_along(self) -> None:
        assert calendars.days_off([date(2026, 4, 3)], []) == {date(2026, 4, 4), date(2026, 4, 5)}

    def test_a_make_up_day_is_worked_and_leads_no_further(self) -> None:
        # 1 to 3 January 2026 are Thursday to Saturday, Sunday the 4th is worked
        holidays = [date(2026, 1, 1), date(2026, 1, 2)]
        assert calendars.days_off(holidays, [date(2026, 1, 4)]) == {date(2026, 1, 3)}
        assert calendars.days_off([date(2026, 1, 2)], [date(2026, 1, 3)]) == set()

    @given(st.sets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=20))
    def test_only_weekends_and_only_beside_days_off(self, holidays: set[date]) -> None:
        found = calendars.days_off(holidays, [])
        one = timedelta(days=1)
        assert all(day.weekday() >= 5 and day not in holidays for day in found)
        assert all(day - one in holidays | found or day + one in holidays | found for day in found)
