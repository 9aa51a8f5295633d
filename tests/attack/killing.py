"""Random kills while people file: what was acknowledged is offered once, whatever dies (handbook/reliability.md 4, 5).

The whole tree is the campaign's own: PostgreSQL, Valkey, the web server, relay, workers and the horses they fork for
long jobs. Victims are ended with SIGKILL one after the other; the queue is wiped now and then. Clients repeat a request
with its key until it is answered, as the form and the app do; some send a photo after it, which a horse prepares.
"""

from __future__ import annotations

import http.client
import os
import random
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import redis

from app.core import embedded
from tests import ground
from tests.attack import live
from tests.factories import attachments

QUIET_SECONDS = 120.0
PHOTO_EVERY = 3  # filings: a horse for each of them would be the whole of the work
HORSE_SECONDS = 0.5  # waited for one that may be killed: most live shorter
SELDOM = 2.0  # seconds between two misfortunes at most: a start beside other work says too much


@dataclass
class Outcome:
    """The figures of one campaign."""

    filings: int
    acknowledged: int = 0
    repeated: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    photos: int = 0
    photos_lost: int = 0
    two_technicians: int = 0
    duplicates: int = 0
    repeated_notices: int = 0
    server_errors: int = 0
    quiet_seconds: float = 0.0

    @property
    def sound(self) -> bool:
        """Nothing acknowledged was lost or doubled."""
        wrong = self.lost or self.photos_lost or self.two_technicians or self.duplicates
        return not wrong and self.acknowledged == self.filings


def children(pid: int) -> list[int]:
    """The processes a process has begun."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in task.read_text().split()]
    return found


class Campaign:
    """A site with servers of its own, its victims, and who keeps it alive."""

    def __init__(self, servers: embedded.Servers, site: live.Site, seed: int) -> None:
        self.servers, self.site = servers, site
        self.random = random.Random(seed)
        self.kills: dict[str, int] = {}
        self.over = threading.Event()
        self._lock = threading.Lock()

    def victims(self) -> dict[str, Callable[[], int | None]]:
        """What may die and how its process is found just now."""
        web, worker = self.site.programs["web"], self.site.programs["worker"]
        return {
            "web": lambda: self._one(children(web.pid)),
            "web master": lambda: web.pid,
            "worker part": lambda: self._one(children(worker.pid)),
            "worker": lambda: worker.pid,
            "work-horse": lambda: self._horse(worker.pid),
            "postgres": lambda: self.servers.postgres_pid,
            "valkey": lambda: self.servers.valkey_pid,
        }

    def _one(self, pids: list[int]) -> int | None:
        return self.random.choice(pids) if pids else None

    def _horse(self, node: int) -> int | None:
        """A process that a worker has forked for one long job, as soon as there is one."""
        until = time.monotonic() + HORSE_SECONDS
        while time.monotonic() < until:
            if found := [horse for part in children(node) for horse in children(part)]:
                return self._one(found)
            time.sleep(0.005)
        return None

    def strike(self) -> None:
        """One random misfortune."""
        name = self.random.choice([*self.victims(), "wipe", "web", "worker part", "worker part"])
        if name == "wipe":
            with suppress(redis.RedisError), redis.Redis.from_url(self.site.where.redis_url, socket_timeout=1) as store:
                store.flushall()
        else:
            pid = self.victims()[name]()
            if pid is None:
                return
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.kills[name] = self.kills.get(name, 0) + 1

    def mend(self) -> None:
        """Start again what died, as the supervisor and the system's service manager do."""
        with suppress(embedded.ServerError):
            self.servers.check()
        for program in self.site.programs.values():
            program.revive()


def until_answered(
    ask: Callable[[str], live.Answer], outcome: Outcome, lock: threading.Lock, patience: float = 120.0
) -> live.Answer | None:
    """One request, repeated with its key until it is acknowledged."""
    key, until = secrets.token_hex(8), time.monotonic() + patience
    while time.monotonic() < until:
        with suppress(OSError, http.client.HTTPException):
            answer = ask(key)
            if answer.status == 201:
                return answer
            if answer.status == 500:
                with lock:
                    outcome.server_errors += 1
        with lock:
            outcome.repeated += 1
        time.sleep(0.2)
    return None


def run(campaign: Campaign, filings: int, pause: tuple[float, float], pace: float, clients: int = 4) -> Outcome:
    """File under kills (each client once in `pace` seconds), then let it become quiet and count."""
    outcome, lock, site = Outcome(filings), threading.Lock(), campaign.site
    waiting = list(range(filings))
    acknowledged: list[str] = []
    shown: list[str] = []
    photo = attachments.jpeg()

    def client() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                number = waiting.pop()
            answer = until_answered(site.file, outcome, lock)
            if answer is not None:
                ticket = str(answer.json()["id"])
                acknowledged.append(ticket)
                send = partial(site.add_photo, ticket, photo)
                if number % PHOTO_EVERY == 0 and until_answered(send, outcome, lock):
                    shown.append(ticket)
            time.sleep(pace)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        campaign.strike()
        end = time.monotonic() + campaign.random.uniform(*pause)
        while time.monotonic() < end:
            campaign.mend()
            time.sleep(0.05)
    outcome.acknowledged, outcome.photos, outcome.kills = len(acknowledged), len(shown), campaign.kills
    outcome.quiet_seconds = become_quiet(campaign)
    become_quiet(campaign, "attachments.reencode")
    judge(site, acknowledged, outcome)
    ready = {str(row[0]) for row in site.rows("SELECT owner_id FROM attachment WHERE state = 'ready'")}
    outcome.photos_lost = len(set(shown) - ready)
    return outcome


OPEN = "SELECT count(*) FROM outbox_delivery WHERE done_at IS NULL AND parked_at IS NULL AND handler = %s"


def become_quiet(campaign: Campaign, handler: str = "tickets.on_order_queued") -> float:
    """Wait until every order has been through the dispatcher (or another handler); how long that took."""
    began = time.monotonic()
    while time.monotonic() - began < QUIET_SECONDS:
        campaign.mend()
        with suppress(Exception):  # the database may still be recovering
            if campaign.site.one(OPEN, handler) == 0:
                break
        time.sleep(0.1)
    return round(time.monotonic() - began, 1)


def judge(site: live.Site, acknowledged: list[str], outcome: Outcome) -> None:
    """Count by SQL what must be nought."""
    offered = {
        str(ticket)
        for (ticket,) in site.rows(
            "SELECT ticket_id FROM work_order WHERE state IN ('offered', 'accepted') AND assignee_id IS NOT NULL"
        )
    }
    outcome.lost = len(set(acknowledged) - offered)
    outcome.two_technicians = site.one(
        "SELECT count(*) FROM (SELECT order_id FROM offer GROUP BY order_id "
        "HAVING count(*) FILTER (WHERE outcome IS NULL) > 1 OR count(DISTINCT person_id) > 1) doubled"
    )
    tickets = site.one("SELECT count(*) FROM ticket")
    orders = site.one("SELECT count(*) FROM work_order")
    outcome.duplicates = abs(tickets - len(set(acknowledged))) + abs(orders - tickets)
    outcome.repeated_notices = site.one(
        "SELECT coalesce(sum(times - 1), 0)::int FROM (SELECT count(*) AS times FROM notification "
        "GROUP BY person_id, kind, link, data) told"
    )


@contextmanager
def prepared(seed: int, **settings: str) -> Iterator[Campaign]:
    """Servers, database, programs (with these settings) and people of one campaign, all ended afterwards."""
    with tempfile.TemporaryDirectory(prefix="houqin-kill-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o711)
        with embedded.Servers(Path(home) / "data") as servers:
            ground.migrate(servers, embedded.DATABASE)
            files = Path(tempfile.mkdtemp(prefix="houqin-kill-files-"))
            try:
                where = ground.Ground(servers, embedded.DATABASE, 0, files)
                with live.running(where, "web", "worker", **settings) as site:
                    yield Campaign(servers, site, seed)
            finally:
                shutil.rmtree(files, ignore_errors=True)


def campaign(filings: int, seed: int, pause: tuple[float, float], pace: float) -> Outcome:
    """The whole of it. `pause` bounds the time between two misfortunes, in what the programs take to start.

    Bounds in seconds would never let a slow machine be up between two of them.
    """
    with prepared(seed) as found:
        least, most = (min(share * found.site.started, SELDOM) for share in pause)
        return run(found, filings, (least, most), pace)


def described(outcome: Outcome) -> dict[str, Any]:
    """The figures as one flat record."""
    return {**outcome.__dict__, "kills": sum(outcome.kills.values()), "victims": outcome.kills, "sound": outcome.sound}
