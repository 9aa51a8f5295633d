"""The fixed windows count elapsed time (tickets-rules 1, N10, 38)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules import deadlines

instants = st.datetimes(
    datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2035-01-01"), timezones=st.just(UTC)
)


@settings(max_examples=200)
@given(instants)
def test_windows_are_as_long_as_the_rules_say(at):
    assert deadlines.closes_by_default(at) - at == timedelta(hours=7 * 24)
    assert deadlines.not_fixed_ends(at) - at == timedelta(days=30)
    assert deadlines.reconsider_ends(at) - at == timedelta(days=30)
    assert deadlines.rating_ends(at) - at == timedelta(days=30)
    assert deadlines.answer_ends(at) - at == timedelta(days=14)
    assert deadlines.closes_by_default(at) < deadlines.not_fixed_ends(at)


def test_a_change_of_the_clocks_makes_no_window_longer():
    """Instants are compared in UTC: 7 × 24 h over 29 March 2026 in London end an hour later by the wall clock."""
    resolved = datetime(2026, 3, 27, 12, 0, tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)
    closes = deadlines.closes_by_default(resolved)
    assert closes.astimezone(ZoneInfo("Europe/London")).hour == 13


@settings(max_examples=200)
@given(instants)
def test_a_question_is_reminded_on_day_3_and_10_and_ends_on_day_14(at):
    steps = [deadlines.next_wait_step(at, reminders) for reminders in range(4)]
    assert [step.what for step in steps] == ["remind", "remind", "no_answer", "no_answer"]
    assert [step.at - at for step in steps[:3]] == [timedelta(days=3), timedelta(days=10), timedelta(days=14)]
    assert [step.number for step in steps] == [1, 2, 0, 0]


@settings(max_examples=200)
@given(instants, st.booleans(), st.integers(1, 120), st.integers(1, 30))
def test_rule_38_an_offer_lasts_raw_minutes(now, emergency, minutes, short):
    ends = deadlines.offer_ends(now, emergency=emergency, minutes=minutes, emergency_minutes=short)
    assert ends - now == timedelta(minutes=short if emergency else minutes)
    assert deadlines.offer_ends(now, emergency=False) - now == timedelta(minutes=10)
    assert deadlines.offer_ends(now, emergency=True) - now == timedelta(minutes=3)
