"""The parts of the system in the reader's language; `core.health` speaks to terminals and balancers, in English."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.health import Part

NAMES: dict[str, Any] = {
    "database": _l("Database"),
    "clock": _l("Clock"),
    "migrations": _l("Structure of the database"),
    "queue": _l("Queue"),
    "relay": _l("Relay"),
    "worker dispatch": _l("Worker for orders"),
    "worker notices": _l("Worker for notices"),
    "worker long": _l("Worker for long jobs"),
}
SAID: dict[str, Any] = {
    "unknown": _l("not known"),
    "no sign of life": _l("gives no sign of life"),
}
MENDS: dict[str, Any] = {
    "Is PostgreSQL running, and is DATABASE_URL right?": _l("Is PostgreSQL running, and is DATABASE_URL right?"),
    "Is Valkey running, and is REDIS_URL right?": _l("Is Valkey running, and is REDIS_URL right?"),
    "Let both hosts follow one time server (NTP).": _l("Let both hosts follow one time server (NTP)."),
    "Run: flask db upgrade": _l("Run: flask db upgrade"),
    "Start: python3 worker.py": _l("Start: python3 worker.py"),
}


def name(part: Part) -> str:
    return str(NAMES.get(part.name, part.name))


def trouble(part: Part) -> str | None:
    """What is wrong and what to do; None where nothing is. What a server itself said stays as it said it."""
    if part.ok:
        return None
    said, mend = str(SAID.get(part.said, part.said)), str(MENDS.get(part.mend, part.mend))
    return f"{said} · {mend}" if mend else said
