"""A day of the week as a line: read and written, and what a changed line does to weekly shifts and single ones."""

import contextlib
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules import week_plan
from app.tickets.rules.week_plan import DayPlan, NotUnderstood, Turn, difference, planned, read, taken_out

DAY = date(2026, 11, 25)
hours = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 5, 30]))
turns = st.builds(Turn, hours, hours, st.sampled_from(["duty", "on_call"]))
plans = st.one_of(
    st.just(DayPlan(away=True)),
    st.sets(turns, max_size=week_plan.MOST).map(lambda found: DayPlan(tuple(sorted(found)))),
)


@dataclass(frozen=True)
class Row:
    weekday: int
    starts: time
    ends: time
    kind: str = "duty"
    valid_from: date | None = None
    valid_to: date | None = None


days = st.integers(-30, 30).map(lambda offset: DAY + timedelta(days=offset))
rows = st.lists(
    st.builds(
        Row,
        st.integers(0, 6),
        hours,
        hours,
        st.sampled_from(["duty", "on_call"]),
        st.none() | days,
        st.none() | days,
    ),
    max_size=6,
)


@settings(max_examples=300)
@given(plans)
def test_what_is_written_is_read_back(plan):
    assert read(plan.text) == plan


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", ""),
        ("8-17:30", "8-17:30"),
        ("08:00–12:00，14~18", "8-12 14-18"),
        ("14-18, 8-12", "8-12 14-18"),
        ("0-24", "0-24"),
        ("0-0", "0-24"),
        ("22-6", "22-6"),
        ("+18-8 8-17", "8-17 +18-8"),
        ("８-１７：３０", "8-17:30"),
        ("X", "x"),
        ("休", "x"),
        ("8-12 8-12", "8-12"),
    ],
)
def test_people_write_it_in_many_ways(line, text):
    assert read(line).text == text


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("8", week_plan.NOT_UNDERSTOOD),
        ("8-25", week_plan.NOT_UNDERSTOOD),
        ("8-24:30", week_plan.NOT_UNDERSTOOD),
        ("8:60-9", week_plan.NOT_UNDERSTOOD),
        ("morning", week_plan.NOT_UNDERSTOOD),
        ("-", week_plan.NOT_UNDERSTOOD),
        ("8-9 " * 40, week_plan.NOT_UNDERSTOOD),
        ("1-2 2-3 3-4 4-5 5-6 6-7 7-8", week_plan.TOO_MANY),
        ("x 8-17", week_plan.AWAY_OR_HERE),
        ("٨-١٢", week_plan.NOT_UNDERSTOOD),
    ],
)
def test_what_says_nothing_is_refused_with_what_to_write(line, message):
    with pytest.raises(NotUnderstood) as refused:
        read(line)
    assert refused.value.message == message


@settings(max_examples=300)
@given(st.text(max_size=140))
def test_any_text_is_a_plan_or_refused(line):
    with contextlib.suppress(NotUnderstood):
        assert read(read(line).text) == read(line)


def applied(given_rows, day, wanted):
    """The rows after a change, as the service makes it."""
    change = difference(given_rows, day, wanted)
    left = []
    for row in given_rows:
        if row not in change.drop:
            left.append(row)
            continue
        before, after = taken_out(row, day)
        left.append(replace(row, valid_from=before[0], valid_to=before[1]))
        if after is not None:
            left.append(replace(row, valid_from=after[0], valid_to=after[1]))
    once = {"valid_from": day, "valid_to": day + timedelta(days=1)}
    return left + [Row(day.weekday(), turn.starts, turn.ends, turn.kind, **once) for turn in change.add]


@settings(max_examples=400)
@given(rows, plans.filter(lambda plan: not plan.away))
def test_a_changed_day_is_as_it_is_wanted_and_no_other_day_changes(given_rows, wanted):
    after = applied(given_rows, DAY, wanted)
    assert planned(after, DAY, away=False) == wanted
    for offset in range(-35, 36):
        day = DAY + timedelta(days=offset)
        if day != DAY:
            assert planned(after, day, away=False) == planned(given_rows, day, away=False)


@settings(max_examples=200)
@given(rows)
def test_a_day_that_stays_as_it_is_changes_nothing(given_rows):
    change = difference(given_rows, DAY, planned(given_rows, DAY, away=False))
    assert (change.add, change.drop) == ((), ())


@settings(max_examples=200)
@given(rows)
def test_who_is_away_keeps_his_shifts_behind_it(given_rows):
    assert difference(given_rows, DAY, DayPlan(away=True)) == difference([], DAY, DayPlan())
    assert planned(given_rows, DAY, away=True) == DayPlan(away=True)
