"""Working time against counting every minute (tickets-rules 8 to 14; `tests.sites.minutes` is the oracle)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.sites.rules.calendars import Calendar, DayKind, Season, SpecialDay
from app.sites.rules.worktime import Days, WorkTime, instant_of, minute_of
from tests.sites.minutes import OFFICE_WEEK, ZONES, Minutes, at, random_calendar, wall

SHANGHAI = "Asia/Shanghai"
LONDON = "Europe/London"
PLAIN = WorkTime(Calendar(zone=SHANGHAI, week=OFFICE_WEEK))

# dates with something in them: both changes of 2026 in London and New York, midnight changes of Cairo, a skipped date
STARTS = (date(2026, 3, 20), date(2026, 10, 20), date(2026, 4, 20), date(2026, 12, 25), date(2028, 2, 20))
SPAN = 9  # days the oracle looks at


@settings(max_examples=100)
@given(st.randoms(use_true_random=True), st.sampled_from(STARTS))
def test_equals_counting_every_minute(chance: random.Random, first: date) -> None:
    calendar = random_calendar(chance, first, SPAN)
    begin = minute_of(datetime(first.year, first.month, first.day, tzinfo=UTC)) + 1440
    minutes = Minutes(calendar, begin - 1440, (SPAN + 1) * 1440)
    work = WorkTime(calendar)
    for _ in range(8):
        start, end = sorted(begin + chance.randrange(SPAN * 1440 - 1440) for _ in range(2))
        assert work.between(start, end) == minutes.between(start, end)
        wanted = chance.choice((0, 1, 15, 120, 480, 2000))
        due = minutes.due(start, wanted)
        if due is not None:
            assert work.due(start, wanted) == due
    start = begin + chance.randrange(3 * 1440)
    for count in (0, 1, 2):
        close = minutes.close_of_day(start, count)
        # the last date the oracle sees may not be over
        if close is not None and close < minutes.first + len(minutes.works) - 1440:
            assert work.close_of_day(start, count) == close
            assert work.minutes(start, Days(count)) == minutes.between(start, close)


@settings(max_examples=200)
@given(st.randoms(use_true_random=True), st.integers(0, 3_000), st.integers(0, 3_000))
def test_laws(chance: random.Random, first: int, second: int) -> None:
    work = WorkTime(random_calendar(chance, date(2026, 9, 1), 60))
    start = minute_of(datetime(2026, 9, 5, tzinfo=UTC)) + chance.randrange(20_000)
    due = work.due(start, first)
    if due is None:
        return
    assert work.between(start, due) == first
    assert first == 0 or work.works_at(due - 1)  # 10: the earliest such minute is the end of one that works
    further = work.due(due, second)
    assert work.due(start, first + second) == further  # minutes add up


@settings(max_examples=10)
@given(st.randoms(use_true_random=True))
def test_questions_in_any_order_get_the_same_answers(chance: random.Random) -> None:
    calendar = random_calendar(chance, date(2026, 1, 1), 300, LONDON)
    asked = [at("2026-01-05T10:00") + n * 9_973 for n in range(20)]
    expected = {start: WorkTime(calendar).due(start, 3_000) for start in asked}
    chance.shuffle(asked)
    work = WorkTime(calendar)
    assert {start: work.due(start, 3_000) for start in asked} == expected


class TestDue:
    """10: the earliest instant by which the target is used up."""

    @pytest.mark.parametrize(
        ("start", "minutes", "due"),
        [
            ("2026-11-18T10:00", 120, "2026-11-18T12:00"),  # at the close, not at the next opening
            ("2026-11-18T10:00", 121, "2026-11-18T14:01"),  # over lunch
            ("2026-11-18T17:59", 1, "2026-11-18T18:00"),
            ("2026-11-20T17:30", 60, "2026-11-23T08:30"),  # over the weekend
            ("2026-11-21T09:00", 30, "2026-11-23T08:30"),
            ("2026-11-18T12:30", 0, "2026-11-18T12:30"),
        ],
    )
    def test_office(self, start: str, minutes: int, due: str) -> None:
        assert wall(PLAIN.due(at(start, SHANGHAI), minutes), SHANGHAI) == due

    def test_none_within_ten_years_is_said(self) -> None:
        assert WorkTime(Calendar(zone=SHANGHAI)).due(at("2026-11-18T10:00"), 1) is None
        once = WorkTime(
            Calendar(
                zone=SHANGHAI, seasons=(Season(first=date(2036, 11, 17), last=date(2036, 11, 19), week=OFFICE_WEEK),)
            )
        )
        start = at("2026-11-18T10:00", SHANGHAI)
        assert wall(once.due(start, 60), SHANGHAI) == "2036-11-17T09:00"
        assert once.due(start, 601) is None  # would be on the 18th at 10:01

    @settings(max_examples=60)
    @given(st.randoms(use_true_random=True), st.integers(0, 900))
    def test_back_is_the_earliest_with_so_much_left(self, chance: random.Random, minutes: int) -> None:
        work = WorkTime(random_calendar(chance, date(2026, 9, 1), 40))
        end = minute_of(datetime(2026, 9, 30, tzinfo=UTC)) + chance.randrange(9_000)
        found = work.back(end, minutes)
        if found is not None:
            assert work.between(found, end) == minutes
            assert minutes == 0 or work.works_at(found - 1) or work.between(found - 1, end) == minutes + 1

    def test_back_where_nothing_works(self) -> None:
        assert WorkTime(Calendar(zone=SHANGHAI)).back(at("2026-11-18T10:00"), 5) is None

    def test_seconds_are_cut(self) -> None:
        """8: an event counts at its minute."""
        assert minute_of(datetime(2026, 11, 18, 2, 0, 59, 999_999, tzinfo=UTC)) == at("2026-11-18T02:00")
        assert instant_of(at("2026-11-18T02:00")) == datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


class TestDays:
    """12: targets in days."""

    @pytest.mark.parametrize(
        ("start", "count", "close"),
        [
            ("2026-11-18T10:00", 1, "2026-11-19T18:00"),  # the start's day is not counted
            ("2026-11-18T03:00", 1, "2026-11-19T18:00"),
            ("2026-11-20T10:00", 3, "2026-11-25T18:00"),
            ("2026-11-21T10:00", 1, "2026-11-23T18:00"),  # begun on a Saturday
            ("2026-11-18T14:00", 0, "2026-11-18T18:00"),  # 240 minutes are left
            ("2026-11-18T14:01", 0, "2026-11-19T18:00"),  # 239
            ("2026-11-22T10:00", 0, "2026-11-23T18:00"),
        ],
    )
    def test_office(self, start: str, count: int, close: str) -> None:
        minute = at(start, SHANGHAI)
        assert wall(PLAIN.close_of_day(minute, count), SHANGHAI) == close
        turned = PLAIN.minutes(minute, Days(count))
        assert turned is not None
        assert wall(PLAIN.due(minute, turned), SHANGHAI) == close

    def test_round_the_clock_a_day_ends_at_midnight(self) -> None:
        always = WorkTime(Calendar(zone=LONDON, always=True))
        assert wall(always.close_of_day(at("2026-10-24T20:00", LONDON), 1), LONDON) == "2026-10-26T00:00"
        assert always.minutes(at("2026-10-24T20:00", LONDON), Days(1)) == 4 * 60 + 25 * 60

    def test_no_day_within_ten_years(self) -> None:
        assert WorkTime(Calendar(zone=SHANGHAI)).minutes(at("2026-11-18T10:00"), Days(2)) is None


class TestClocksOfTheZone:
    """9 and scenario 8: both changes of Europe/London, hours skipped and repeated."""

    NIGHT = WorkTime(Calendar(zone=LONDON, week=(((0, 240),),) * 7))

    def test_skipped_hours_count_nothing(self) -> None:
        # 29 March 2026: 01:00 becomes 02:00
        assert self.NIGHT.between(at("2026-03-29T00:00"), at("2026-03-30T00:00") - 60) == 180

    def test_repeated_hours_count_twice(self) -> None:
        # 25 October 2026: 02:00 becomes 01:00
        assert self.NIGHT.between(at("2026-10-24T23:00"), at("2026-10-26T00:00")) == 300

    def test_an_interval_may_fall_into_two_pieces(self) -> None:
        early = WorkTime(Calendar(zone=LONDON, week=(((60, 90),),) * 7))
        first = at("2026-10-25T00:00")  # 01:00 in summer time
        assert [early.works_at(first + n) for n in (0, 29, 30, 59, 60, 89, 90)] == [
            True,
            True,
            False,
            False,
            True,
            True,
            False,
        ]

    def test_round_the_clock_ignores_the_wall(self) -> None:
        always = WorkTime(Calendar(zone=LONDON, always=True))
        for start in ("2026-03-28T20:00", "2026-10-24T20:00"):
            assert always.due(at(start), 1_440) == at(start) + 1_440

    def test_two_zones_at_one_instant(self) -> None:
        london = WorkTime(Calendar(zone=LONDON, week=OFFICE_WEEK))
        start = at("2026-11-18T09:00")  # 09:00 in London, 17:00 in Shanghai
        assert wall(london.due(start, 90), LONDON) == "2026-11-18T10:30"
        assert wall(PLAIN.due(start, 90), SHANGHAI) == "2026-11-19T08:30"

    @pytest.mark.parametrize("zone", ZONES)
    def test_quarter_hours_are_those_on_the_wall(self, zone: str) -> None:
        work = WorkTime(Calendar(zone=zone, always=True))
        for minute in range(at("2026-11-18T09:00"), at("2026-11-18T10:00")):
            told = work.quarter_hour(minute)
            assert 0 <= told - minute < 15
            assert work.local(told).minute % 15 == 0

    def test_a_date_the_zone_skipped_has_no_minutes(self) -> None:
        apia = WorkTime(Calendar(zone="Pacific/Apia", week=OFFICE_WEEK))
        # 30 December 2011 did not happen there: Thursday was followed by Saturday
        assert wall(apia.close_of_day(at("2011-12-29T10:00", "Pacific/Apia"), 1), "Pacific/Apia") == "2012-01-02T18:00"


@settings(max_examples=200)
@given(st.randoms(use_true_random=True))
def test_a_holiday_never_makes_it_sooner(chance: random.Random) -> None:
    """The rival's bug (tickets.md 1.3): with holidays marked it escalated a ticket of 2.5 days after "5 days"."""
    start = at("2026-11-16T10:00", SHANGHAI)
    plain = random_calendar(chance, date(2026, 11, 10), 40, SHANGHAI)
    more = [date(2026, 11, 16) + timedelta(days=n) for n in chance.sample(range(12), 3)]
    fewer = replace(plain, days={**plain.days, **{day: SpecialDay(kind=DayKind.HOLIDAY) for day in more}})
    without, with_them = WorkTime(plain), WorkTime(fewer)
    pairs = [(without.due(start, n), with_them.due(start, n)) for n in (30, 2_400)]
    pairs.append((without.close_of_day(start, 5), with_them.close_of_day(start, 5)))
    assert all(due is None or later is None or later >= due for due, later in pairs)


def test_scenario_7_holiday_and_make_up_saturday() -> None:
    """A 3-day request filed at 11:50 on the last day before National Day, lunch 12–14, Saturday the 10th worked."""
    calendar = Calendar(
        zone=SHANGHAI,
        week=OFFICE_WEEK,
        days={
            **{date(2026, 10, day): SpecialDay(kind=DayKind.HOLIDAY) for day in range(1, 8)},
            date(2026, 10, 10): SpecialDay(kind=DayKind.MAKEUP),
        },
    )
    start = at("2026-09-30T11:50", SHANGHAI)
    minutes = Minutes(calendar, start - 1440, 20 * 1440)
    assert wall(WorkTime(calendar).close_of_day(start, 3), SHANGHAI) == "2026-10-10T18:00"
    assert minutes.close_of_day(start, 3) == WorkTime(calendar).close_of_day(start, 3)
