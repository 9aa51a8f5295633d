"""How often the code of an order's reporter may be guessed: four digits are soon tried through."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.core import settings
from app.core.errors import Rejected
from app.core.http.limits import Limit

PER_HOUR = settings.declare(
    "orders.code_tries_per_hour",
    10,
    kind=int,
    low=1,
    high=100,
    words=_l("Times an hour the reporter’s code of one order may be entered (a page asks twice for each try)"),
)


class TooManyTries(Rejected):
    """Too many codes were entered for one order."""

    status = 429
    code = "too-many-tries"


def _refused(wait: int) -> TooManyTries:
    refusal = TooManyTries(
        fields={"code": _l("The code was entered too often. Try again in an hour, or ask the desk.")}
    )
    refusal.headers["Retry-After"] = str(wait)
    return refusal


_LIMIT = Limit("order-code", PER_HOUR, 3600, lambda: None, _refused)


def count(order_id: int, code: str | None) -> None:
    """Count one entry of a code for an order the reader sees. Raises TooManyTries; nothing where none was given."""
    refusal: Any = _LIMIT.spend(str(order_id)) if code else None
    if refusal is not None:
        raise refusal
