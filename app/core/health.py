"""Is it alive, can it be used: `/healthz`, `/readyz`, and the same parts for `flask doctor` and the operations page.

`/healthz` asks nothing but the process. `/readyz` names the first part that fails and says of all how they are; it
needs neither institution nor actor, so it answers when nothing else does.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import redis
from flask import Blueprint, Flask, Response, current_app
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from app.core import clock, queue
from app.core.database_errors import UNDEFINED_TABLE, sqlstate
from app.core.db import db
from app.core.http import anyone, application, policy
from app.core.launch import schema

CLOCK_SECONDS = 2.0  # a host further than that from the database fails (architecture.md, "Time")
STORE_SECONDS = 0.5
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"

blueprint = Blueprint("health", __name__)


@dataclass(frozen=True, slots=True)
class Part:
    """How one part is: `said` is "ok" or what is wrong, in a few words for an operator; `mend` what to do."""

    name: str
    said: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        return self.said == "ok"


def parts() -> tuple[Part, ...]:
    """All parts, in the order in which they stand on each other."""
    return (*_database(), *_queue())


def _database() -> tuple[Part, ...]:
    before = clock.now()
    began = time.monotonic()
    try:
        row = db.session.execute(
            text("SELECT clock_timestamp() AS moment, array(SELECT version_num FROM alembic_version) AS heads")
        ).one()
    except SQLAlchemyError as error:
        db.session.rollback()
        bare = isinstance(error, ProgrammingError) and sqlstate(error) == UNDEFINED_TABLE
        said = "it has no tables of Houqin" if bare else _first_line(error)
        mend = "Run: flask db upgrade" if bare else "Is PostgreSQL running, and is DATABASE_URL right?"
        return (
            Part("database", said, mend),
            Part("clock", "unknown"),
            Part("migrations", "unknown"),
        )
    took = time.monotonic() - began
    return Part("database", "ok"), _clock((row.moment - before).total_seconds(), took), _migrations(set(row.heads))


def _clock(ahead: float, took: float) -> Part:
    """`ahead`: the database's clock less ours when we asked; the answer may have taken `took` seconds on its way."""
    off = max(0.0, -ahead, ahead - took)
    if off <= CLOCK_SECONDS:
        return Part("clock", "ok")
    return Part("clock", f"{off:.1f} s away from the database's", "Let both hosts follow one time server (NTP).")


def _migrations(found: set[str]) -> Part:
    wanted = _heads()
    if found == wanted:
        return Part("migrations", "ok")
    have, want = ", ".join(sorted(found)) or "nothing", ", ".join(sorted(wanted))
    return Part("migrations", f"the database has {have}, this release wants {want}", "Run: flask db upgrade")


@lru_cache(maxsize=1)
def _heads() -> frozenset[str]:
    return schema.revisions(MIGRATIONS).heads


def _queue() -> tuple[Part, ...]:
    config = current_app.config["HOUQIN"]
    store = queue.client(config.redis_url, seconds=STORE_SECONDS)
    try:
        beats = queue.beats(store)
    except redis.RedisError as error:
        unknown = tuple(Part(_process(name), "unknown") for name in ("relay", *queue.QUEUES))
        return (Part("queue", _first_line(error), "Is Valkey running, and is REDIS_URL right?"), *unknown)
    finally:
        store.close()
    return (Part("queue", "ok"), *(_alive(name, beat) for name, beat in beats.items()))


def _alive(name: str, beat: bool) -> Part:
    return Part(_process(name), "ok") if beat else Part(_process(name), "no sign of life", "Start: python3 worker.py")


def _process(name: str) -> str:
    return name if name == "relay" else f"worker {name}"


def _first_line(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@blueprint.get("/healthz")
@policy(anyone)
def healthz() -> Response:
    """The process lives; nothing else is asked."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@policy(anyone)
def readyz() -> Response:
    """200 when people can be served, else 503 naming the part. No versions, no addresses: anybody may ask."""
    found = parts()
    failing = [part.name for part in found if not part.ok]
    document: dict[str, Any] = {"ready": not failing}
    if failing:
        document["failing"] = failing[0]
        document["parts"] = {part.name: "ok" if part.ok else "failing" for part in found}
    answer = Response(orjson.dumps(document), status=503 if failing else 200, mimetype="application/json")
    if failing:
        answer.headers["Retry-After"] = "2"
    return answer


def install(app: Flask) -> None:
    """Both answer without an institution and without loading an actor."""
    app.register_blueprint(blueprint)
    for name in ("healthz", "readyz"):
        application.bare(app, f"health.{name}")
