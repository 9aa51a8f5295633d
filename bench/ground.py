"""Servers, a migrated database and a small campus of an entry's own; web and worker where it asks for them."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from app import create_app
from app.core import clock, embedded, settings
from app.core.db import bind_institution, db, institution_bound
from app.core.launch import process
from app.core.settings import SettingValue
from app.tickets.services import clocks as sla
from config import Config
from tests.factories import accounts, tickets

ROOT = Path(__file__).resolve().parents[1]
LOOSE = {"limits.requests_per_minute": 100_000, "limits.filings_per_minute": 10_000}


@dataclass
class Ground:
    """The servers with the campus on them. `tokens`: bearer headers by role; `cookies`: of signed-in browsers."""

    servers: embedded.Servers
    folder: Path
    app: Flask
    category: str = "tap"
    room: int = 0
    building: int = 0
    people: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, dict[str, str]] = field(default_factory=dict)
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def postmaster(self) -> int:
        return self.servers.postgres_pid

    def environment(self) -> dict[str, str]:
        """The environment of a process of the product; rates are limited as ever, with higher bounds."""
        return environment(self.servers, self.folder)

    def superuser(self) -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(self.servers.sockets), user="postgres", dbname=embedded.DATABASE)


def environment(servers: embedded.Servers, folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": secrets.token_urlsafe(48) if not (folder / "key").exists() else (folder / "key").read_text(),
        "DATA_DIR": str(folder),
        "HOUQIN_ENV": "demo",
        "BASE_URL": "http://127.0.0.1",
        "LOG_LEVEL": "WARNING",
        process.TREE: str(folder),
        **servers.environment(),
        "FLOOR_SOCKETS": str(servers.sockets),
    }


@contextlib.contextmanager
def running() -> Iterator[Ground]:
    """Start PostgreSQL (durable) and Valkey, migrate, make the campus and its people."""
    with tempfile.TemporaryDirectory(prefix="houqin-bench-") as home:
        Path(home).chmod(0o711)
        folder = Path(home) / "data"
        with embedded.Servers(folder) as servers:
            (folder / "key").write_text(secrets.token_urlsafe(48))
            app = create_app(Config.from_env(environment(servers, folder)))
            with app.app_context():
                upgrade(directory=str(ROOT / "migrations"))
            ground = Ground(servers, folder, app)
            with ground.superuser() as connection:
                connection.execute(
                    "INSERT INTO institution (id, code, name, hosts, flags) "
                    """VALUES (1, 'bench', '{"zh-CN": "大学", "en": "University"}', '{}', '{}')"""
                )
            with app.app_context(), institution_bound(1):
                clients = _people_the_campus(ground)
                db.session.commit()
                settings.forget()  # what was read before the limits were loosened
            ground.cookies = {name: _cookie(client) for name, client in clients.items()}
            yield ground
            with app.app_context():
                db.engine.dispose()
                app.extensions["houqin_apart"].kw["bind"].dispose()


def _people_the_campus(ground: Ground) -> dict[str, FlaskClient]:
    """People, their tokens, limits and clocks; the browsers they are signed in with."""
    clients = {}
    now = clock.now()
    sla.ensure(now)
    made = tickets.Ground()
    technicians = {"technician": made.technician(cap=100_000), "technician2": made.technician(cap=100_000)}
    people = {"student": made.student, "dispatcher": made.dispatcher, **technicians}
    ground.room, ground.building, ground.category = made.room.id, made.building.id, made.category.code
    for name, person in people.items():
        ground.people[name] = person.id
        ground.tokens[name] = accounts.token(person)
        clients[name] = accounts.sign_in(ground.app.test_client(), person)
        bind_institution(1)  # the end of the client's request unbound it
    db.session.add_all(SettingValue(name=name, value=value, at=now) for name, value in LOOSE.items())
    return clients


def _cookie(client: FlaskClient) -> dict[str, str]:
    """The session of a browser that has seen a page: the CSRF token stands in it, so that no page sets it anew."""
    client.get("/me")
    cookie = client.get_cookie(client.application.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return {"Cookie": f"{cookie.key}={cookie.value}"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def child(ground: Ground, *arguments: str, **more: str) -> Iterator[Popen[bytes]]:
    """A Python process of the product for the duration of the block."""
    with (ground.folder / "child.log").open("ab") as log:
        started = process.spawn(
            [sys.executable, "-P", *arguments], env={**ground.environment(), **more}, cwd=ROOT, output=log
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(timeout=20)
        except Exception:  # noqa: BLE001 - the block's end must not leave it running
            started.kill()
            started.wait(timeout=5)


@contextlib.contextmanager
def served(ground: Ground, *module: str) -> Iterator[int]:
    """A web server of a module called with HOST PORT; gives the port once it answers."""
    port = free_port()
    with child(ground, "-m", *module, "127.0.0.1", str(port)) as started:
        await_answer(port, "/healthz", started)
        yield port


def await_answer(port: int, address: str, started: Popen[bytes], seconds: float = 60) -> None:
    """Wait until an address answers 200; raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and started.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", address)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.02)
    raise TimeoutError(f"{address} never answered")
