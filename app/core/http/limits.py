"""Rate limits: requests per token or session, filings per person (contract.md), and what areas limit besides.

Counted in Valkey with short time-outs; when it is away the counts go on in memory, and filing goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g
from flask_babel import lazy_gettext as _l

from app.core import settings
from app.core.http import problems
from app.core.http.counts import Counts

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
_COUNTS = "houqin_counts"


def _refused(wait: int) -> Response:
    return problems.render(429, code=problems.slug(429), headers={"Retry-After": str(wait)})


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may happen in a window of `seconds`, from its first time on.

    `setting` holds the number. `who` names the one that is counted, within the institution, or None for nobody.
    `refused` makes the answer to what is too much; it is told after how many seconds the window ends.
    """

    name: str
    setting: str
    seconds: int
    who: Callable[[], str | None]
    refused: Callable[[int], Any] = _refused

    def spend(self, of: str | None = None) -> Any | None:
        """Count once, for `of` where that is not `who`; the answer where that was too much, else None."""
        return self._answer(Counts.spend, of)

    def reached(self) -> Any | None:
        """The answer `spend` would give, without counting: for work that is costly and counts only once it is done."""
        return self._answer(Counts.look)

    def _answer(self, ask: Callable[[Counts, str, int, int], int], of: str | None = None) -> Any | None:
        counts: Counts | None = current_app.extensions[_COUNTS]
        who = (of or self.who()) if counts is not None else None
        if counts is None or who is None:
            return None
        wait = ask(counts, f"{self.name}:{g.actor.institution_id}:{who}", settings.get(self.setting), self.seconds)
        return self.refused(wait) if wait else None

    def __call__(self, view: View) -> View:
        """The view, under this limit: counted after policy and idempotency key, so a repeat is not counted again."""

        @wraps(view)
        def limited(*arguments: Any, **named: Any) -> Any:
            refusal = self.spend()
            return view(*arguments, **named) if refusal is None else refusal

        return cast("View", limited)


def _visit() -> str | None:
    """The token or session a request came with.

    Who is not signed in is counted elsewhere, by address: failed sign-ins, reports by sticker, reading by Open311.
    """
    if not g.actor.signed_in:
        return None
    return f"t{g.token_id}" if g.actor.kind == "token" else f"s{g.actor.session_id}"


def _person() -> str | None:
    return f"p{g.actor.id}" if g.actor.signed_in else None


_requests = Limit("requests", REQUESTS, 60, _visit)
filings = Limit("filings", FILINGS, 60, _person)
"""For views that file tickets: one count per person, whichever way they come in."""


def install(app: Flask) -> None:
    """Count every request; `RATE_LIMITS=off` counts nothing."""
    config = app.config["HOUQIN"]
    app.extensions[_COUNTS] = Counts(config.redis_url, config.redis_timeout_s) if config.rate_limits else None
    app.before_request(_requests.spend)
