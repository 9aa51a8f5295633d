"""Clocks of the day that jump under running programs: leases are the database's, so nothing is done twice
(handbook/reliability.md 4, "clock jump")."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attack import jumping, killing, live

pytestmark = [pytest.mark.kill, pytest.mark.launch]

HOUR = 3600
JUMPS = (3 * HOUR, 0, -3 * HOUR, HOUR // 6, -HOUR // 6)  # seconds beside the true time
FILINGS = 30
TWICE = (
    "SELECT count(*) FROM (SELECT order_id FROM offer WHERE outcome IS NULL GROUP BY order_id HAVING count(*) > 1) two"
)
LATE = (
    "SELECT count(*) FROM outbox_delivery WHERE done_at IS NULL AND next_at > now() + interval '5 minutes' "
    "AND handler NOT IN ('tickets.on_offer_expired', 'tickets.on_duty_call_wanted')"
)
OFFERED = "SELECT id, assignee_id FROM work_order WHERE ticket_id = %s AND state = 'offered'"


@pytest.fixture(scope="module")
def off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("clock") / "seconds"
    file.write_text("0", encoding="ascii")
    file.parent.chmod(0o711)
    file.parent.parent.chmod(0o711)
    return file


@pytest.fixture(scope="module")
def campaign(off: Path) -> Iterator[killing.Campaign]:
    with killing.prepared(seed=1, **jumping.settings(off)) as found:
        yield found


def jump(off: Path, seconds: float) -> None:
    beside = off.with_name("next")
    beside.write_text(str(seconds), encoding="ascii")
    beside.replace(off)  # never read half written


def test_nothing_is_lost_or_done_twice(campaign: killing.Campaign, off: Path) -> None:
    site, jumps, filed = campaign.site, itertools.cycle(JUMPS), []
    for _ in range(FILINGS):
        jump(off, next(jumps))
        answer = site.file()
        assert answer.status == 201, answer.text
        filed.append(answer.json()["id"])
        time.sleep(0.1)  # the hand-off is under way when the clock jumps next
    jump(off, 0)
    outcome = killing.Outcome(FILINGS, acknowledged=FILINGS)

    def everybody_served() -> bool:
        killing.judge(site, filed, outcome)
        return outcome.lost == 0

    # what was offered three hours ago runs out now and goes to the next
    live.until(everybody_served, killing.QUIET_SECONDS, "every order is somebody's")
    assert site.one(LATE) == 0, "what is due at once waits for no clock"
    assert (outcome.lost, outcome.duplicates, outcome.repeated_notices) == (0, 0, 0), killing.described(outcome)
    assert site.one(TWICE) == 0
    assert site.one("SELECT count(*) FROM outbox_delivery WHERE attempts > 1 OR parked_at IS NOT NULL") == 0
    off_by = site.one("SELECT max(abs(extract(epoch FROM filed_at - now()))) FROM ticket")
    assert off_by > 2 * HOUR, "the programs' clocks did jump"


def test_work_goes_on_over_each_jump(campaign: killing.Campaign, off: Path) -> None:
    """Accepted three hours in the future, begun at the true time, done three hours in the past."""
    site = campaign.site
    ticket = site.file().json()["id"]
    live.until(lambda: bool(site.rows(OFFERED, ticket)), 60, "the order is offered")
    ((order, person),) = site.rows(OFFERED, ticket)
    who = next(name for name in site.people if site.people.get(f"{name}_id") == str(person))
    steps = (("accepted", 3 * HOUR), ("working", 0), ("done", -3 * HOUR))
    for state, seconds in steps:
        jump(off, seconds)
        version = site.ask("GET", f"/api/v1/work-orders/{order}", headers=site.people[who]).headers["etag"]
        headers = {**site.people[who], "If-Match": version}
        sent = {"to": state, **({"note": "水龙头已换"} if state == "done" else {})}
        answer = site.ask("POST", f"/api/v1/work-orders/{order}/transitions", headers=headers, json=sent)
        assert (answer.status, answer.json()["state"]) == (200, state), answer.text
    jump(off, 0)
    answer = site.ask("GET", f"/api/v1/tickets/{ticket}", headers=site.people["student"])
    assert answer.json()["status"] == "resolved", answer.text
    assert site.browser("dispatcher").get(f"/tickets/{ticket}").status == 200
    assert site.browser(who).get("/crew").status == 200
