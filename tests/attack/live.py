"""A site as it stands in production, for attacks: granian on a free port over a database of its own, committed rows.

Clients are plain `http.client` connections on threads, so that nothing of the application hides between them.
"""

from __future__ import annotations

import dataclasses
import http.client
import os
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import psycopg
from flask import Flask

from app import create_app
from app.accounts.models import Person
from app.core.db import bind_institution, db, institution_bound
from app.core.launch import process
from tests import ground
from tests.factories import accounts, tickets

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
FORM = "application/x-www-form-urlencoded"
_CSRF = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """What a client got."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    port: int,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    body: bytes | None = None,
    seconds: float = 30.0,
) -> Answer:
    """One request on a connection of its own. Raises OSError or HTTPException where none is to be had."""
    sent = {"Accept-Language": "en", **(headers or {})}
    if json is not None:
        body, sent["Content-Type"] = orjson.dumps(json), "application/json"
    connection = http.client.HTTPConnection(HOST, port, timeout=seconds)
    try:
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def multipart(photo: bytes, name: str = "a.png") -> tuple[bytes, str]:
    """A body with one photo, and its content type."""
    edge = secrets.token_hex(8)
    named = f'Content-Disposition: form-data; name="photo"; filename="{name}"\r\nContent-Type: image/png'
    return (
        f"--{edge}\r\n{named}\r\n\r\n".encode() + photo + f"\r\n--{edge}--\r\n".encode(),
        f"multipart/form-data; boundary={edge}",
    )


@dataclass
class Program:
    """A process of the product and its log."""

    argv: list[str]
    environment: Mapping[str, str]
    log: Path
    running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.running = process.spawn(self.argv, env=self.environment, cwd=ROOT, output=output)

    def revive(self) -> None:
        if self.running is None or self.running.poll() is not None:
            self.start()

    def end(self) -> None:
        if self.running is None:
            return
        self.running.terminate()
        try:
            self.running.wait(15)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait(5)

    @property
    def pid(self) -> int:
        assert self.running is not None
        return self.running.pid


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def environment(where: ground.Ground, **more: str) -> dict[str, str]:
    """The environment of the product's processes on this ground: as deployed, not as under test."""
    named = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {
        **named,
        **where.environment(),
        "HOUQIN_ENV": "development",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": "WARNING",
        **more,
    }


@dataclass
class Site:
    """The running site, the application in this process over the same database, and who lives there."""

    where: ground.Ground
    app: Flask
    port: int
    programs: dict[str, Program]
    people: dict[str, Any] = field(default_factory=dict)
    started: float = 0.0  # seconds its programs took until they answered

    def ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        return ask(self.port, method, path, headers=headers, **more)

    def file(self, key: str | None = None, **more: Any) -> Answer:
        """A ticket of the student's over the API."""
        sent = {
            "place_id": self.people["place_id"],
            "category": self.people["category"],
            "description": "水龙头漏水",
            **more,
        }
        headers = {**self.people["student"], "Idempotency-Key": key or secrets.token_hex(8)}
        return self.ask("POST", "/api/v1/tickets", headers=headers, json=sent)

    def add_photo(self, ticket_id: str, photo: bytes, key: str | None = None) -> Answer:
        """A photo of the student's to a ticket of his."""
        body, kind = multipart(photo)
        headers = {
            **self.people["student"],
            "Idempotency-Key": key or secrets.token_hex(8),
            "Content-Type": kind,
        }
        return self.ask("POST", f"/api/v1/tickets/{ticket_id}/photos", headers=headers, body=body)

    @contextmanager
    def inside(self) -> Iterator[None]:
        """An application context of institution 1 whose work is committed."""
        with self.app.app_context(), institution_bound(1):
            yield
            db.session.commit()
            db.session.remove()

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Read (or mend) past row-level security, as the owner."""
        address = self.where.owner_url.replace("+psycopg", "", 1)
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute(query.encode(), values or None)
            return found.fetchall() if found.description else []

    def one(self, query: str, *values: Any) -> Any:
        ((value,),) = self.rows(query, *values)
        return value

    def browser(self, who: str) -> Browser:
        """A browser in which somebody of `people` is signed in."""
        return Browser(self, self.people[f"{who}_cookie"])

    @contextmanager
    def another(self, **settings: str) -> Iterator[Site]:
        """A second web server over the same database with other settings, as a second node would be."""
        port = free_port()
        argv = [*self.programs["web"].argv[:-1], str(port)]
        web = Program(argv, environment(self.where, **settings), self.where.folder / f"web-{port}.log")
        beside = dataclasses.replace(self, port=port, programs={"web": web})
        try:
            web.start()
            beside.wait_ready()
            yield beside
        finally:
            web.end()

    def wait_ready(self, seconds: float = 30.0) -> None:
        until(self._ready, seconds, "the site answers")

    def _ready(self) -> bool:
        try:
            return self.ask("GET", "/healthz", seconds=5).status == 200
        except (OSError, http.client.HTTPException):
            return False


@dataclass
class Browser:
    """Cookies and the token of forms, as a browser without JavaScript keeps them."""

    site: Site
    cookie: str
    csrf: str = ""

    def get(self, path: str, **more: Any) -> Answer:
        answer = self.site.ask("GET", path, headers={"Cookie": self.cookie, **more})
        self._keep(answer)
        return answer

    def _keep(self, answer: Answer) -> None:
        if "set-cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";", 1)[0]
        if found := _CSRF.search(answer.body):
            self.csrf = found.group(1).decode()

    def post(self, path: str, sent: Mapping[str, Any], **more: str) -> Answer:
        if not self.csrf:
            self.get("/me")
        body = urlencode({"csrf_token": self.csrf, **sent}, doseq=True).encode()
        return self.site.ask("POST", path, headers={"Cookie": self.cookie, "Content-Type": FORM, **more}, body=body)


def until(happened: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for something that must happen; the bound is for what never does."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.03)


def together(*acts: Callable[[], Answer]) -> list[Answer]:
    """The answers to requests begun at one barrier; an error of the connection fails the test."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(at: int) -> None:
        barrier.wait()
        try:
            results[at] = acts[at]()
        except Exception as error:  # noqa: BLE001 - shown to the test
            results[at] = error

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [one for one in results if isinstance(one, Exception)], results
    assert not [one for one in results if one.status >= 500], [one.text for one in results if one.status >= 500]
    return results


@contextmanager
def application(where: ground.Ground) -> Iterator[Flask]:
    """The product in this process on this ground."""
    app = create_app(where.config())
    app.config.update(OUTBOX_RING=False, WTF_CSRF_ENABLED=False)
    yield app
    ground.let_go(app)


@contextmanager
def running(where: ground.Ground, *parts: str, **settings: str) -> Iterator[Site]:
    """The site with these programs (`web`, `worker`) started and people who can sign in."""
    port, named = free_port(), environment(where, **settings)
    web = [sys.executable, "-P", "-m", "app.core.supervisor.web", HOST, str(port)]
    argv = {"web": web, "worker": [sys.executable, "-P", str(ROOT / "worker.py")]}
    programs = {name: Program(argv[name], named, where.folder / f"{name}.log") for name in parts}
    with application(where) as app:
        site = Site(where, app, port, programs)
        try:
            populate(site)  # before the programs take the cores: its transaction may not idle
            began = time.monotonic()
            for program in programs.values():
                program.start()
            site.wait_ready()
            site.started = time.monotonic() - began
            yield site
        finally:
            for program in programs.values():
                program.end()


def populate(site: Site, technicians: int = 4) -> None:
    """A campus, a student, dispatchers and technicians, each with a token and a signed-in browser."""
    accounts.password_hash()  # slow on purpose: not inside a transaction
    with site.inside():
        place = tickets.Ground()
        people = {
            "student": place.student,
            "dispatcher": place.dispatcher,
            "admin": accounts.person("admin", "dispatcher", "registry", "technician"),
            **{f"technician{at}": place.technician(cap=5000) for at in range(technicians)},
        }
        site.people.update(place_id=str(place.room.id), category=place.category.code, trade=place.trade.code)
        site.people.update({f"{name}_id": str(person.id) for name, person in people.items()})
    for name in people:
        with site.inside():
            person = db.session.get_one(Person, (1, int(site.people[f"{name}_id"])))
            site.people[name] = accounts.token(person, life=timedelta(days=1))  # clocks jump
            client = accounts.sign_in(site.app.test_client(), person)
            bind_institution(1)  # the client's own context took it away
            cookie = client.get_cookie(site.app.config["SESSION_COOKIE_NAME"])
            assert cookie is not None
            site.people[f"{name}_cookie"] = f"{cookie.key}={cookie.value}"


def own_ground(found: ground.Ground, worker: str) -> ground.Ground:
    """A ground whose queue is nobody else's (the attacks wipe it)."""
    number = 40 + (int(worker[2:]) if worker.startswith("gw") else 0)
    return dataclasses.replace(found, redis_number=number)
