"""Who may rate when (tickets-rules N6, N10)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tickets.rules import ratings
from app.tickets.rules.ratings import RatingRefusal, rating_refused, wrong_scores
from app.tickets.rules.states import TicketStatus

CLOSED_AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


def refused(status=TicketStatus.CLOSED, *, is_reporter=True, has_account=True, closed_at=CLOSED_AT, after=MONTH):
    return rating_refused(
        is_reporter=is_reporter, has_account=has_account, status=status, closed_at=closed_at, now=CLOSED_AT + after
    )


def test_n10_the_reporter_rates_from_resolved_until_30_days_after_closing():
    assert refused(TicketStatus.RESOLVED, closed_at=None) is None
    assert refused(after=MONTH) is None
    assert refused(after=MONTH + timedelta(seconds=1)) is RatingRefusal.TOO_LATE


@pytest.mark.parametrize("status", sorted(set(TicketStatus) - {TicketStatus.RESOLVED, TicketStatus.CLOSED}))
def test_n10_before_resolved_and_after_another_end_there_is_nothing_to_rate(status):
    assert refused(status) is RatingRefusal.NOT_RESOLVED
    assert refused(closed_at=None) is RatingRefusal.NOT_RESOLVED


def test_n10_only_reporters_with_an_account_rate():
    assert refused(is_reporter=False) is RatingRefusal.NOT_REPORTER
    assert refused(has_account=False) is RatingRefusal.NO_ACCOUNT
    assert set(ratings.RATING_MESSAGES) == set(RatingRefusal)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from([*ratings.SCORES, "other"]), st.integers(-2, 8)))
def test_scores_are_three_figures_from_1_to_5(scores):
    wrong = wrong_scores(scores)
    for name in ratings.SCORES:
        assert (name in wrong) is (scores.get(name) not in {1, 2, 3, 4, 5})
    assert "other" not in wrong
