"""Valkey or PostgreSQL away: filing goes on, or says so; everything comes back by itself and is delivered once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.attack import killing, live

pytestmark = [pytest.mark.kill, pytest.mark.launch]

FILING_SECONDS = 0.5  # quality.md


@pytest.fixture(scope="module")
def campaign() -> Iterator[killing.Campaign]:
    with killing.prepared(seed=1) as found:
        yield found


def timed(site: live.Site) -> tuple[float, str]:
    began = time.monotonic()
    answer = site.file()
    assert answer.status == 201, answer.text
    return time.monotonic() - began, answer.json()["id"]


def judged(campaign: killing.Campaign, filed: list[str]) -> killing.Outcome:
    outcome = killing.Outcome(len(filed), acknowledged=len(filed))
    outcome.quiet_seconds = killing.become_quiet(campaign)
    before = campaign.site.one("SELECT count(*) FROM ticket") - len(filed)
    killing.judge(campaign.site, filed, outcome)
    outcome.duplicates -= before  # those of the tests before
    return outcome


def test_filing_goes_on_while_valkey_does_not_answer(campaign: killing.Campaign) -> None:
    """Stopped, it takes connections and says nothing: the worst kind of away. Then it is killed outright."""
    timed(campaign.site)
    os.kill(campaign.servers.valkey_pid, signal.SIGSTOP)
    silent = [timed(campaign.site) for _ in range(6)]
    os.kill(campaign.servers.valkey_pid, signal.SIGKILL)
    gone = [timed(campaign.site) for _ in range(6)]
    campaign.mend()
    # the quickest of six: what the product takes, not what a busy machine adds
    assert min(seconds for seconds, _id in silent) <= FILING_SECONDS
    assert min(seconds for seconds, _id in gone) <= FILING_SECONDS
    outcome = judged(campaign, [filed for _seconds, filed in (*silent, *gone)])
    assert outcome.sound or outcome.duplicates == 1, killing.described(outcome)
    assert (outcome.lost, outcome.two_technicians) == (0, 0), killing.described(outcome)


def test_without_postgresql_503_and_back_by_itself(campaign: killing.Campaign) -> None:
    site = campaign.site
    before = site.one("SELECT count(*) FROM ticket")
    os.kill(campaign.servers.postgres_pid, signal.SIGKILL)
    away = [site.file("the-same-key") for _ in range(4)]
    page = site.browser("student").get("/tickets")
    ready = site.ask("GET", "/readyz")
    alive = site.ask("GET", "/healthz")
    assert {answer.status for answer in away} == {503}, [answer.text for answer in away]
    assert all(int(answer.headers["retry-after"]) > 0 for answer in away)
    assert (page.status, page.headers["retry-after"], ready.status, alive.status) == (503, "2", 503, 200)
    campaign.mend()
    live.until(lambda: site.file("the-same-key").status == 201, 60, "filing works again")
    assert site.one("SELECT count(*) FROM ticket") == before + 1
