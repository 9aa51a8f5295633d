"""A small campaign of random kills; the large one is `bench kill`."""

from __future__ import annotations

import pytest

from tests.attack import killing

pytestmark = [pytest.mark.kill, pytest.mark.launch]

FILINGS = 40


def test_nothing_acknowledged_is_lost_or_doubled_under_kills() -> None:
    outcome = killing.campaign(FILINGS, seed=20261118, pause=(0.2, 0.4), pace=1.0)
    assert outcome.sound, killing.described(outcome)
    assert outcome.server_errors == 0, killing.described(outcome)
    assert sum(outcome.kills.values()) >= 5
    assert outcome.photos > FILINGS // 4, "horses were at work"
