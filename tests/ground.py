"""The servers of a test run: started once by the run's first process, shared by its workers through the environment.

`HOUQIN_TEST_SOCKETS` names running servers to use instead (handy while developing:
`python -m tests.ground` keeps some running and prints the line to export).
"""

from __future__ import annotations

import fcntl
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from flask import Flask
from psycopg import sql

from app.core import embedded
from config import Config

SOCKETS = "HOUQIN_TEST_SOCKETS"
RUN = "HOUQIN_TEST_RUN"


@dataclass(frozen=True)
class Ground:
    """One worker's database and queue."""

    addresses: embedded.Addresses
    database: str
    redis_number: int
    folder: Path

    @property
    def web_url(self) -> str:
        return self.addresses.web_url(self.database)

    @property
    def owner_url(self) -> str:
        return self.addresses.owner_url(self.database)

    @property
    def redis_url(self) -> str:
        return f"{self.addresses.redis_url}?db={self.redis_number}"

    def environment(self) -> dict[str, str]:
        """The environment of a process of the product on this ground."""
        return {
            **self.addresses.environment(self.database),
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": "test-secret-key-that-is-long-enough-for-all",
            "DATA_DIR": str(self.folder),
            "HOUQIN_ENV": "test",
            "RATE_LIMITS": "off",
            "BASE_URL": "http://127.0.0.1",
        }

    def config(self) -> Config:
        return Config.from_env(self.environment())


def superuser(sockets: Path, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=str(sockets), user="postgres", dbname=database, autocommit=True)


def let_go(app: Flask) -> None:
    """Close the connections an application keeps; who makes one ends with this."""
    from app.core.db import db

    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    app.extensions["houqin_apart"].kw["bind"].dispose()


def empty(app: Flask, ground: Ground) -> None:
    """Take away what a test has committed: every row of every institution's tables, numbers begin anew; what each
    institution has from its first day on is made again, as the next test expects it."""
    from app.core.db import tenant_tables

    with psycopg.connect(ground.owner_url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as connection:
        tables = sql.SQL(", ").join(sql.Identifier(name) for name in tenant_tables())
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))
    forget_versions()
    with app.app_context():
        furnish()


def forget_versions() -> None:
    """Forget the calendars and policies this process has read: their numbers begin anew, which no live system does."""
    from app.sites.calendars import queries as calendars
    from app.tickets.queries import sla
    from app.tickets.services import clocks

    calendars._Kept.works.clear()
    sla._Kept.policies.clear()
    clocks._begun.cache_clear()


def migrate(addresses: embedded.Addresses, database: str) -> None:
    """Bring a new database to the present schema by the migrations, and give it institution 1."""
    from flask_migrate import upgrade
    from sqlalchemy import create_engine, text

    from app import create_app

    with tempfile.TemporaryDirectory() as folder:
        environment = Ground(addresses, database, 0, Path(folder)).environment()
        app = create_app(Config.from_env(environment))
        with app.app_context():
            upgrade(directory=str(Path(__file__).resolve().parents[1] / "migrations"))
        let_go(app)
    engine = create_engine(addresses.owner_url(database))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO institution (id, code, name, hosts, flags) VALUES "
                "(1, 'test', '{\"zh-CN\": \"测试大学\", \"en\": \"Test University\"}', '{}', '{}')"
            )
        )
    engine.dispose()
    with app.app_context():
        furnish()


def furnish() -> None:
    """What an institution has from its first day on: calendars and a policy, so that no test's first request makes
    them."""
    from app.core.db import db, institution_bound
    from app.core.transaction import transaction
    from app.tickets.services import clocks

    with institution_bound(1), transaction():
        clocks.ensure(datetime(2026, 11, 18, 2, 0, tzinfo=UTC))
    for engine in db.engines.values():
        engine.dispose()


def prepare(sockets: Path, name: str) -> None:
    """Make the migrated template database of this run."""
    addresses = embedded.Addresses(sockets)
    with superuser(sockets) as connection:
        # What a test rolls back is dead rows; counted in the middle of another's work, they would change its plans.
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER houqin_owner TEMPLATE template0").format(sql.Identifier(name))
        )
        _be_patient(connection, name)
    migrate(addresses, name)


# Time limits protect a live system; a test holds one transaction open through all its steps, on a machine that may
# be busy with other things. Tests of the limits themselves set them again.
PATIENT = ("statement_timeout", "idle_in_transaction_session_timeout")


def clone(sockets: Path, template: str, worker: str) -> str:
    """A copy of the template for one worker, with patient time limits; returns its name."""
    name = f"{template}_{worker}"
    with superuser(sockets) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER houqin_owner TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        _be_patient(connection, name)
    return name


def _be_patient(connection: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    for role in ("houqin_web", "houqin_worker"):
        for limit in PATIENT:
            connection.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = '120s'").format(
                    sql.Identifier(role), sql.Identifier(database), sql.Identifier(limit)
                )
            )


def drop(sockets: Path, database: str) -> None:
    with superuser(sockets) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))


@contextmanager
def started() -> Iterator[None]:
    """Servers for a whole run, named in the environment; those named there already are used as they are."""
    os.environ[RUN] = secrets.token_hex(4)
    try:
        if os.environ.get(SOCKETS):
            yield
            return
        with (
            tempfile.TemporaryDirectory(prefix="houqin-test-", ignore_cleanup_errors=True) as folder,
            embedded.Servers(Path(folder) / "data", durable=False) as servers,
        ):
            Path(folder).chmod(0o711)
            os.environ[SOCKETS] = str(servers.sockets)
            try:
                yield
            finally:
                os.environ.pop(SOCKETS)
    finally:
        _drop_template(os.environ.pop(RUN))


def _drop_template(run: str) -> None:
    if sockets := os.environ.get(SOCKETS):
        drop(Path(sockets), f"template_{run}")
    _lock_file(run).unlink(missing_ok=True)


def _lock_file(run: str) -> Path:
    return Path(tempfile.gettempdir()) / f"houqin-test-{run}.lock"


def template(sockets: Path) -> str:
    """The migrated template of this run, made by whichever worker needs it first."""
    run = os.environ[RUN]
    name = f"template_{run}"
    with _lock_file(run).open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with superuser(sockets) as connection:
            made = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if not made:
            prepare(sockets, name)
    return name


@contextmanager
def running(worker: str) -> Iterator[Ground]:
    """The ground of one worker."""
    sockets = Path(os.environ[SOCKETS])
    database = clone(sockets, template(sockets), f"{worker}_{os.getpid()}")
    number = int(worker[2:]) + 1 if worker.startswith("gw") else 1
    try:
        with tempfile.TemporaryDirectory(prefix="houqin-files-") as folder:
            yield Ground(embedded.Addresses(sockets), database, number, Path(folder))
    finally:
        drop(sockets, database)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="houqin-ground-") as home:
        Path(home).chmod(0o711)
        with embedded.Servers(Path(home) / "data", durable=False) as running_servers:
            print(f"export {SOCKETS}={running_servers.sockets}", flush=True)  # noqa: T201 - the caller's shell reads it
            while True:
                time.sleep(3600)
