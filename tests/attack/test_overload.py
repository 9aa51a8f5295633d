"""More than there is room for, and a database that stands still: refused with when to come again, never lost."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

import psycopg

from tests.attack import live

CROWD = 160  # at once, ten for each thread of a process
CLIENTS = 48
STANDS_STILL = 1.5  # seconds: below lock_timeout, so that whoever holds a connection is served in the end
PATIENCE = 10.0  # of any answer; a queue that piles up would take longer
BUSY = {429, 503}


def all_at_once(site: live.Site, keys: list[str]) -> dict[str, tuple[live.Answer, float]]:
    """File once for each key, all of them at one barrier; the answers, and how long each took."""
    barrier, found = threading.Barrier(len(keys)), dict[str, tuple[live.Answer, float]]()

    def file(key: str) -> None:
        barrier.wait()
        began = time.monotonic()
        answer = site.file(key)
        found[key] = answer, time.monotonic() - began

    threads = [threading.Thread(target=file, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def until_taken(site: live.Site, answers: dict[str, live.Answer]) -> set[str]:
    """Repeat what was refused with its key until it is taken; the requests there are now, by id."""
    taken = {answer.json()["id"] for answer in answers.values() if answer.status == 201}
    for key in (key for key, answer in answers.items() if answer.status != 201):
        live.until(lambda key=key: site.file(key).status == 201, 20, "room again")
        taken.add(site.file(key).json()["id"])
    return taken


def tickets(site: live.Site) -> Any:
    return site.one("SELECT count(*) FROM ticket")


def test_a_crowd_is_served_or_told_to_come_again_and_nothing_is_lost(site: live.Site) -> None:
    before = tickets(site)
    found = all_at_once(site, [secrets.token_hex(8) for _ in range(CROWD)])
    assert len(found) == CROWD
    answers = {key: answer for key, (answer, _seconds) in found.items()}
    assert {answer.status for answer in answers.values()} <= {201, *BUSY}
    assert all("retry-after" in answer.headers for answer in answers.values() if answer.status in BUSY)
    taken = until_taken(site, answers)
    assert len(taken) == CROWD
    assert tickets(site) == before + CROWD


def test_a_database_that_stands_still_piles_nothing_up(site: live.Site) -> None:
    """A table nobody may write for a while: who finds no connection hears 503, the others wait and are served."""
    with site.another(DB_POOL_SIZE="2", DB_POOL_TIMEOUT_S="0.3") as small:
        before = tickets(site)
        with psycopg.connect(site.where.owner_url.replace("+psycopg", "", 1)) as owner:
            owner.execute("LOCK TABLE ticket IN SHARE MODE")
            threading.Timer(STANDS_STILL, owner.rollback).start()
            found = all_at_once(small, [secrets.token_hex(8) for _ in range(CLIENTS)])
            time.sleep(STANDS_STILL)  # the timer's rollback is over before the connection is closed
        answers = {key: answer for key, (answer, _seconds) in found.items()}
        refused = [answer for answer in answers.values() if answer.status == 503]
        assert {answer.status for answer in answers.values()} <= {201, 503}
        assert refused
        assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)
        assert max(seconds for _answer, seconds in found.values()) < PATIENCE
        assert small.ask("GET", "/healthz").status == 200
        taken = until_taken(small, answers)
        assert len(taken) == CLIENTS
        assert tickets(site) == before + CLIENTS
