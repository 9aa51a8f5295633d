"""Of which crew somebody counts on a day (tickets-rules 34): by every membership that holds then, the first crew."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.tickets.rules.crews import Period, counted

BEGIN = date(2026, 9, 1)
DAYS = 12
_day = st.integers(0, DAYS).map(lambda number: BEGIN + timedelta(days=number))
_period = st.builds(
    Period,
    person_id=st.integers(1, 2),
    crew_id=st.integers(1, 3),
    since=st.one_of(st.just(date.min), _day),
    until=st.one_of(st.just(date.max), _day),
)


def crews_on(periods: list[Period], person_id: int, day: date) -> list[int]:
    return [each.crew_id for each in periods if each.person_id == person_id and each.since <= day < each.until]


@given(st.lists(_period, max_size=6))
def test_on_every_day_it_is_the_first_of_the_crews_he_is_in(members: list[Period]) -> None:
    periods = counted(members)
    for person_id in (1, 2):
        for number in range(-1, DAYS + 2):
            day = BEGIN + timedelta(days=number)
            wanted = sorted(crews_on(members, person_id, day))[:1]
            assert crews_on(periods, person_id, day) == wanted, "none twice, and none that he is not in"


def test_who_stays_is_one_period() -> None:
    """However his membership was renewed: a report joins as few rows as can be."""
    turn = date(2026, 10, 1)
    renewed = [Period(1, 2, until=turn), Period(1, 2, since=turn), Period(1, 3, since=turn)]
    assert counted(renewed) == [Period(1, 2)]
