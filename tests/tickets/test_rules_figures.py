"""The arithmetic of the figures (tickets-rules 30 to 36): nothing is divided by nought, ages are counted in dates."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.tickets.rules import figures
from app.tickets.rules.figures import AGE_ENDS, Age, Figure, Kind, Lengths, Sums


def test_every_figure_has_its_kind_its_name_and_its_meaning() -> None:
    assert set(figures.KINDS) == set(figures.FIGURE_LABELS) == set(figures.MEANINGS) == set(Figure)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_no_figure_instead_of_a_division_by_nought(part: int, whole: int) -> None:
    found = Sums(rows=whole, part=part, whole=whole).ratio
    assert found == (None if whole == 0 else part / whole)
    assert figures.weeks(part, whole) == found


def test_a_chart_draws_the_working_mean_the_ratio_or_the_count() -> None:
    sums = Sums(
        rows=4,
        part=1,
        whole=2,
        work=Lengths(mean=30.0, median=20.0, p90=60.0),
        raw=Lengths(mean=90.0, median=80.0, p90=200.0),
    )
    drawn = {figure: figures.leading(figure, sums) for figure in Figure}
    assert drawn[Figure.RESTORE] == 30.0
    assert drawn[Figure.TOTAL] == 90.0, "the whole request has no working time (30)"
    assert drawn[Figure.FIRST_TIME] == drawn[Figure.OFFERS] == 0.5
    assert drawn[Figure.FILED] == 4.0
    assert figures.leading(Figure.RESTORE, Sums()) is None


def test_only_what_a_not_fixed_can_change_is_provisional() -> None:
    assert {Figure.FIRST_TIME, Figure.PROMISES, Figure.REOPENED} == figures.MAY_CHANGE
    assert all(figures.KINDS[figure] is Kind.SHARE for figure in figures.MAY_CHANGE)


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(DAYS, st.sets(st.integers(0, 120), max_size=90), st.integers(0, 150))
def test_an_age_is_the_working_dates_after_filing(today: date, back: set[int], filed_back: int) -> None:
    """33: a request is of the group the first days of filing say, and of no other."""
    worked = sorted((today - timedelta(days=each) for each in back), reverse=True)
    filed = today - timedelta(days=filed_back)
    dates = len([day for day in worked if filed < day <= today])
    first = figures.eldest(today, worked)
    by_day = next((group for group, _last in AGE_ENDS if filed >= first[group]), Age.OLD)
    assert by_day is figures.age(dates)


def test_the_ends_of_the_ages() -> None:
    assert [figures.age(each) for each in (0, 3, 4, 7, 8, 30, 31)] == [
        Age.FRESH,
        Age.FRESH,
        Age.WEEK,
        Age.WEEK,
        Age.MONTH,
        Age.MONTH,
        Age.OLD,
    ]
