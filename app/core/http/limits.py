"""Rate limits (Flask-Limiter): per token or session, generous per address, since a campus shares one.

Counted in Valkey with short time-outs; when it is away the counts go on in memory, and filing goes on.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request
from flask_babel import lazy_gettext as _l
from flask_limiter import Limiter

from app.core import settings

settings.declare(
    "limits.requests_per_minute",
    1200,
    kind=int,
    low=10,
    high=100_000,
    words=_l("Requests a minute per session or token"),
)
settings.declare(
    "limits.filings_per_minute", 120, kind=int, low=1, high=10_000, words=_l("Repair requests a minute per person")
)


def subject() -> str:
    """Whose count a request goes to: the person, else the address."""
    actor = getattr(g, "actor", None)
    if actor is not None and actor.id is not None:
        return f"{actor.institution_id}:p{actor.id}"
    return f"a{request.remote_addr}"


limiter = Limiter(
    key_func=subject,
    strategy="fixed-window",
    headers_enabled=False,
    in_memory_fallback_enabled=True,
    swallow_errors=True,
)


def per_minute(setting: str) -> Any:
    """A limit read from a setting of the institution, for `limiter.limit(per_minute("limits.filings_per_minute"))`."""

    def rate() -> str:
        return f"{settings.get(setting)} per minute"

    return rate


def install(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_KEY_PREFIX", "houqin")
    limiter.init_app(app)
