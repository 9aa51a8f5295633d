"""Valkey, PostgreSQL or the web server away: filing goes on or says so; all comes back by itself, once (scenario 6)."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attack import killing, live
from tests.attack.test_slow_clients import head, photo

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
    backends = killing.children(campaign.servers.postgres_pid)
    os.kill(campaign.servers.postgres_pid, signal.SIGKILL)
    # one may still answer what it is asked before it sees that the server it belongs to is gone
    live.until(lambda: not any(map(running, backends)), 20, "every backend is gone")
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


def test_an_upload_cut_by_a_kill_leaves_nothing_and_is_taken_when_sent_again(campaign: killing.Campaign) -> None:
    site, key = campaign.site, secrets.token_hex(8)
    ticket, content = site.file().json()["id"], photo()
    body, kind = live.multipart(content)
    before = files(site)
    with socket.create_connection((live.HOST, site.port), timeout=20) as line:
        path = f"/api/v1/tickets/{ticket}/photos"
        line.sendall(head(site, path, len(body), kind, key) + body[: len(body) // 2])
        time.sleep(0.2)  # so that the server reads
        os.kill(site.programs["web"].pid, signal.SIGKILL)
        assert line.recv(100) == b""
    live.until(lambda: site.programs["web"].running.poll() is not None, 10, "the web server is gone")
    assert files(site) == before
    assert site.one("SELECT count(*) FROM attachment WHERE owner_id = %s", int(ticket)) == 0
    campaign.mend()
    site.wait_ready()
    answers = [site.add_photo(ticket, content, key) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].body == answers[1].body
    assert site.one("SELECT count(*) FROM attachment WHERE owner_id = %s", int(ticket)) == 1


def running(pid: int) -> bool:
    """Whether a process still does anything; one that has ended and is not buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def files(site: live.Site) -> set[str]:
    """What lies where uploads are kept."""
    kept = site.where.config().blob_dir
    return {str(path) for path in kept.rglob("*") if path.is_file()}
