"""Mail addresses: what can be written to, and how they are shown in logs."""

from __future__ import annotations

import re

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_DOMAIN = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+"
)


def sendable(address: str) -> bool:
    """Whether mail can be sent there: one plain address, no comment, no quoting, nothing that ends a header."""
    local, at, domain = address.rpartition("@")
    return bool(at and len(address) <= 254 and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain))


def masked(address: str) -> str:
    """`l***@example.edu`: enough to recognise, not enough to write to."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}***{at}{domain}" if at else "***"


def one_line(value: str) -> bool:
    """Whether a value may stand in a header: no line break, no other control character."""
    return value.isprintable()
