"""Shifts as spans (tickets-rules 37): touching ones count as one, they may cross midnight, the wall clock decides."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules.shifts import (
    Span,
    WeeklyShift,
    begins_on,
    merged,
    next_beginning,
    on_duty_until,
    overlaps,
    spans_around,
    still_counts,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONDON = ZoneInfo("Europe/London")
START = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


def hours(start, end):
    return Span(START + timedelta(hours=start), START + timedelta(hours=end))


SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda pair: hours(pair[0], pair[0] + pair[1])), max_size=6
)
INSTANTS = st.integers(-60, 80 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@settings(max_examples=200)
@given(SPANS, INSTANTS)
def test_duty_lasts_as_far_as_spans_reach_without_a_gap(spans, now):
    """Against walking minute by minute."""
    ends = on_duty_until(spans, now)
    covered = [span for span in spans if span.start <= now < span.end]
    if not covered:
        assert ends is None
        return
    walk = now
    while any(span.start <= walk < span.end for span in spans):
        walk = max(span.end for span in spans if span.start <= walk < span.end)
    assert ends == walk


@settings(max_examples=200)
@given(SPANS, INSTANTS)
def test_merging_changes_no_instant_and_leaves_gaps(spans, now):
    whole = merged(spans)
    assert any(span.start <= now < span.end for span in spans) is any(span.start <= now < span.end for span in whole)
    assert all(first.end < second.start for first, second in pairwise(whole))
    assert merged(whole) == whole


@settings(max_examples=200)
@given(SPANS, INSTANTS)
def test_the_next_beginning_is_the_next_change_from_off_to_on(spans, now):
    begins = next_beginning(spans, now)
    if begins is None:
        assert all(span.start <= now for span in merged(spans))
        return
    assert begins > now
    assert on_duty_until(spans, begins) is not None
    assert on_duty_until(spans, begins - timedelta(seconds=1)) is None


@settings(max_examples=200)
@given(
    st.integers(0, 6),
    st.times(),
    st.times(),
    st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2030-01-01")),
    st.sampled_from([SHANGHAI, LONDON]),
)
def test_a_weekly_shift_is_on_when_the_wall_clock_says_so(weekday, starts, ends, wall, zone):
    """Away from the changes of the clocks: on duty iff the wall time lies in a shift of that day or the one before."""
    now = wall.replace(tzinfo=zone).astimezone(UTC)
    local = now.astimezone(zone).replace(tzinfo=None)
    if any(
        (local + timedelta(days=offset)).replace(tzinfo=zone).utcoffset() != now.astimezone(zone).utcoffset()
        for offset in range(-2, 3)
    ):
        return
    expected = False
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        begin = datetime.combine(day, starts)
        end = datetime.combine(day if ends > starts else day + timedelta(days=1), ends)
        expected = expected or (day.weekday() == weekday and begin <= local < end)
    spans = spans_around([WeeklyShift(weekday=weekday, starts=starts, ends=ends)], zone, now)
    assert (on_duty_until(spans, now) is not None) is expected


def test_a_night_shift_crosses_midnight():
    night = WeeklyShift(weekday=0, starts=time(22), ends=time(6))
    span = night.span(date(2026, 3, 2), SHANGHAI)
    assert span == Span(datetime(2026, 3, 2, 14, tzinfo=UTC), datetime(2026, 3, 2, 22, tzinfo=UTC))
    two_at_night = datetime(2026, 3, 3, 2, 0, tzinfo=SHANGHAI)
    assert on_duty_until(spans_around([night], SHANGHAI, two_at_night), two_at_night) == span.end


def test_round_the_clock_shifts_never_end_within_a_day():
    """Seven shifts 00:00–00:00 touch and count as one."""
    shifts = [WeeklyShift(weekday=day, starts=time(0), ends=time(0)) for day in range(7)]
    for minute in (0, 1, 23 * 60 + 59):
        now = datetime(2026, 3, 2, 0, 0, tzinfo=SHANGHAI) + timedelta(minutes=minute)
        ends = on_duty_until(spans_around(shifts, SHANGHAI, now), now)
        assert ends is not None
        assert ends - now > timedelta(days=2)


def test_a_shift_over_the_change_of_the_clocks_lasts_as_long_as_it_does():
    """Europe/London, 29 March 2026: 01:00 becomes 02:00; 25 October 2026: 02:00 becomes 01:00."""
    night = WeeklyShift(weekday=5, starts=time(22), ends=time(6))
    spring, autumn = night.span(date(2026, 3, 28), LONDON), night.span(date(2026, 10, 24), LONDON)
    assert spring.end - spring.start == timedelta(hours=7)
    assert autumn.end - autumn.start == timedelta(hours=9)


def test_a_shift_is_valid_from_a_date_until_before_another():
    shift = WeeklyShift(
        weekday=0, starts=time(8), ends=time(17), valid_from=date(2026, 3, 2), valid_to=date(2026, 3, 9)
    )
    assert begins_on(shift, date(2026, 3, 2))
    assert not begins_on(shift, date(2026, 2, 23))
    assert not begins_on(shift, date(2026, 3, 9))
    assert not begins_on(shift, date(2026, 3, 3))


def test_spans_that_only_touch_do_not_overlap():
    assert overlaps(hours(1, 3), START, START + timedelta(hours=2))
    assert not overlaps(hours(1, 3), START, START + timedelta(hours=1))
    assert not overlaps(hours(1, 3), START + timedelta(hours=3), START + timedelta(hours=4))


DAYS = st.integers(-20, 20).map(lambda days: START.date() + timedelta(days=days))
TIMES = st.sampled_from([time(0), time(8), time(22)])


@given(today=DAYS, weekday=st.integers(0, 6), starts=TIMES, ends=TIMES, since=st.none() | DAYS, until=st.none() | DAYS)
def test_a_shift_counts_while_it_has_a_beginning(today, weekday, starts, ends, since, until):
    """Against the calendar, day by day; over midnight from yesterday on."""
    row = WeeklyShift(weekday=weekday, starts=starts, ends=ends, valid_from=since, valid_to=until)
    first = today - timedelta(days=1) if ends <= starts else today
    assert still_counts(row, today) == any(begins_on(row, first + timedelta(days=ahead)) for ahead in range(60))
