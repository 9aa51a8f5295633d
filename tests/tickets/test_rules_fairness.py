"""Sharing work out: sums over weeks, shares against shift hours, and the arithmetic of shifts behind them."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules.fairness import Tally, shares, summed
from app.tickets.rules.shifts import Span, WeeklyShift, merged, minutes, spans_between, without

counts = st.integers(0, 500)
tallies = st.lists(
    st.builds(
        Tally,
        person_id=st.integers(1, 5),
        week=st.sampled_from([date(2026, 11, 2), date(2026, 11, 9)]),
        shift_minutes=counts,
        offers=counts,
        accepted=counts,
        declined=st.dictionaries(st.sampled_from(["busy", "unwell", "other"]), st.integers(1, 9)),
        expired=counts,
        grabbed=counts,
        done=counts,
        minutes_done=counts,
        emergencies=counts,
    ),
    max_size=12,
)


@settings(max_examples=200)
@given(tallies)
def test_sums_lose_nothing(given_tallies):
    found = summed(given_tallies)
    assert len({one.person_id for one in found}) == len(found) == len({one.person_id for one in given_tallies})
    for name in ("shift_minutes", "offers", "accepted", "expired", "grabbed", "done", "minutes_done", "refused"):
        assert sum(getattr(one, name) for one in found) == sum(getattr(one, name) for one in given_tallies)
    assert all(one.week is None for one in found)


@settings(max_examples=200)
@given(tallies)
def test_who_works_as_the_others_do_has_a_share_of_one(given_tallies):
    found = summed(given_tallies)
    said = shares(found)
    work, shift = sum(one.minutes_done for one in found), sum(one.shift_minutes for one in found)
    for one in found:
        if not work or not shift or not one.shift_minutes:
            assert said[one.person_id] is None
        else:
            exact = one.minutes_done / work * shift / one.shift_minutes
            assert abs(said[one.person_id] - exact) <= 0.005 + 1e-9 * exact


def test_shares_side_by_side():
    even = [
        Tally(person_id=1, shift_minutes=2400, minutes_done=600),
        Tally(person_id=2, shift_minutes=1200, minutes_done=300),
    ]
    assert shares(even) == {1: 1.0, 2: 1.0}
    uneven = [
        Tally(person_id=1, shift_minutes=600, minutes_done=900),
        Tally(person_id=2, shift_minutes=600, minutes_done=300),
    ]
    assert shares(uneven) == {1: 1.5, 2: 0.5}


ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 2, tzinfo=ZONE)
END = START + timedelta(days=7)


def test_a_night_shift_over_the_end_of_the_week_counts_in_both_weeks():
    night = WeeklyShift(weekday=6, starts=time(22), ends=time(6))
    assert minutes(spans_between([night], ZONE, START, END)) == 6 * 60 + 2 * 60
    assert spans_between([night], ZONE, START, END)[0] == Span(
        START.astimezone(UTC), START.astimezone(UTC) + timedelta(hours=6)
    )


def test_a_shift_of_one_day_counts_once_and_what_overlaps_too():
    day = WeeklyShift(
        weekday=2, starts=time(8), ends=time(17), valid_from=date(2026, 11, 4), valid_to=date(2026, 11, 5)
    )
    every = WeeklyShift(weekday=2, starts=time(12), ends=time(18))
    assert minutes(spans_between([day, every], ZONE, START, END)) == 600
    assert minutes(spans_between([day], ZONE, END, END + timedelta(days=7))) == 0


def test_a_change_of_the_clocks_makes_a_shift_longer_or_shorter():
    london = ZoneInfo("Europe/London")
    night = WeeklyShift(weekday=5, starts=time(22), ends=time(6))
    for first, hours in ((datetime(2026, 10, 19, tzinfo=london), 9), (datetime(2026, 3, 23, tzinfo=london), 7)):
        week = spans_between([night], london, first + timedelta(days=1), first + timedelta(days=8))
        assert minutes(week) == hours * 60


instants = st.integers(0, 2000).map(lambda at: datetime(2026, 11, 2, tzinfo=UTC) + timedelta(minutes=at))
spans = st.lists(
    st.tuples(instants, st.integers(1, 400)).map(lambda pair: Span(pair[0], pair[0] + timedelta(minutes=pair[1]))),
    max_size=6,
)


@settings(max_examples=200)
@given(spans, spans)
def test_what_is_left_without_the_holes_is_counted_minute_by_minute(time_spans, holes):
    left = without(time_spans, holes)
    assert left == merged(left)
    base = datetime(2026, 11, 2, tzinfo=UTC)

    def inside(of, at):
        return any(span.start <= at < span.end for span in of)

    expected = sum(
        1
        for minute in range(2500)
        if inside(time_spans, base + timedelta(minutes=minute)) and not inside(holes, base + timedelta(minutes=minute))
    )
    assert minutes(left) == expected
