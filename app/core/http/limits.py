"""Rate limits (Flask-Limiter): requests per token or session, filings per person (contract.md).

Counted in Valkey with short time-outs; when it is away the counts go on in memory, and filing goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, request
from flask_babel import lazy_gettext as _l
from flask_limiter import Limiter, RequestLimit

from app.core import settings
from app.core.http import problems

View = TypeVar("View", bound=Callable[..., Any])

REQUESTS = settings.declare(
    "limits.requests_per_minute",
    1200,
    kind=int,
    low=10,
    high=100_000,
    words=_l("Requests a minute per session or token"),
)
FILINGS = settings.declare(
    "limits.filings_per_minute", 120, kind=int, low=1, high=10_000, words=_l("Repair requests a minute per person")
)


def _signed_in() -> bool:
    actor = getattr(g, "actor", None)
    return actor is not None and actor.signed_in


def _nobody() -> bool:
    """Who is not signed in is counted elsewhere: failed sign-ins by address, reports by sticker and address."""
    return not _signed_in()


def _visit() -> str:
    """The token or session a request came with."""
    if g.actor.session_id is not None:
        return f"{g.actor.institution_id}:s{g.actor.session_id}"
    return f"{g.actor.institution_id}:t{sha256(request.headers.get('Authorization', '').encode()).hexdigest()[:32]}"


def _person() -> str:
    return f"{g.actor.institution_id}:p{g.actor.id}"


def _refused(limit: RequestLimit) -> Response:
    wait = max(1, limit.reset_at - int(time.time()))
    return problems.render(429, code=problems.slug(429), headers={"Retry-After": str(wait)})


def _per_minute(setting: str) -> Callable[[], str]:
    """A limit read from a setting of the institution."""
    return lambda: f"{settings.get(setting)} per minute"


limiter = Limiter(
    key_func=_visit,
    application_limits=[_per_minute(REQUESTS)],
    application_limits_exempt_when=_nobody,
    on_breach=_refused,
    strategy="fixed-window",
    headers_enabled=False,
    in_memory_fallback_enabled=True,
    swallow_errors=True,
)


def filings(view: View) -> View:
    """A view that files tickets: one count per person, whichever way they come in."""
    limit = limiter.shared_limit(_per_minute(FILINGS), scope="filings", key_func=_person, exempt_when=_nobody)
    return cast("View", limit(view))


def install(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_KEY_PREFIX", "houqin")
    limiter.init_app(app)
