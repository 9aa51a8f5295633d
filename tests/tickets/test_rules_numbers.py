"""Ticket and order numbers: one counter per institution, kind and year of the campus's calendar."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules.numbers import Number, NumberKind, format_number, numbering_year, parse_number

NUMBERS = st.builds(Number, st.sampled_from(NumberKind), st.integers(2000, 2099), st.integers(1, 10**12 - 1))


@settings(max_examples=200)
@given(NUMBERS)
def test_a_number_written_is_read_again(number):
    assert parse_number(str(number)) == number
    assert parse_number(f" {str(number).lower().replace('-', '')} ") == number


@settings(max_examples=200)
@given(NUMBERS, NUMBERS)
def test_numbers_of_one_kind_and_year_with_six_digits_sort_as_they_were_given(first, second):
    if first.kind == second.kind and first.year == second.year and max(first.serial, second.serial) < 10**6:
        assert (str(first) < str(second)) is (first.serial < second.serial)
    assert (str(first) == str(second)) is (first == second)


@settings(max_examples=200)
@given(st.text(max_size=20))
def test_what_is_no_number_is_none(text):
    number = parse_number(text)
    assert number is None or parse_number(str(number)) == number


def test_numbers_look_as_agreed():
    assert format_number(NumberKind.TICKET, 2026, 123) == "R26-000123"
    assert format_number(NumberKind.ORDER, 2026, 1_234_567) == "W26-1234567"
    assert parse_number("r26-000123") == Number(NumberKind.TICKET, 2026, 123)
    for nothing in ("", "R26-", "R26-123", "X26-000123", "R26-000000", "R26-٠٠٠١٢٣"):
        assert parse_number(nothing) is None


@pytest.mark.parametrize(("year", "serial"), [(1999, 1), (2100, 1), (2026, 0)])
def test_a_number_out_of_bounds_is_refused(year, serial):
    with pytest.raises(ValueError, match="number"):
        format_number(NumberKind.TICKET, year, serial)


def test_the_year_is_the_campus_calendars():
    """00:30 on New Year's Day in Shanghai is still the old year in UTC."""
    filed = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
    assert numbering_year(filed, "Asia/Shanghai") == 2026
    assert numbering_year(filed, "Europe/London") == 2025
    assert numbering_year(filed - timedelta(hours=1), "Asia/Shanghai") == 2025
    with pytest.raises(ValueError, match="zone"):
        numbering_year(filed.replace(tzinfo=None), "Asia/Shanghai")
