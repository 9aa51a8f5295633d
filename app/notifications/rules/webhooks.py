"""Webhooks: signature of a message and what an address may be (Standard Webhooks 1.0; reliability.md on SSRF)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 24  # Standard Webhooks: 24 to 64
URL_MAX: Final = 500

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


def new_secret() -> str:
    """A signing secret as receivers paste it: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,<base64 of HMAC-SHA256>` over `id.timestamp.body`; `timestamp` in seconds since 1970."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signatures(held: Iterable[str], message_id: str, timestamp: int, body: bytes) -> str:
    """The header's value: one signature for each secret still accepted, so that a change of secret loses nothing."""
    return " ".join(signature(secret, message_id, timestamp, body) for secret in held)


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address taken apart."""

    secure: bool
    host: str
    port: int
    path: str


class BadTarget(ValueError):
    """The address cannot be a webhook's; `code` is one of "form", "scheme", "name", "private"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def target(url: str, *, plain_allowed: bool) -> Target:
    """Take an address apart. Raises BadTarget: https only (http where `plain_allowed`), no user, no fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii").lower() if parts.hostname else ""
    except (ValueError, UnicodeError) as error:
        raise BadTarget("form") from error
    if len(url) > URL_MAX or not url.isprintable() or " " in url or parts.fragment or parts.username is not None:
        raise BadTarget("form")
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not plain_allowed):
        raise BadTarget("scheme")
    if not (_literal(host) or _HOST.fullmatch(host)):
        raise BadTarget("name")
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise BadTarget("form")
    return Target(secure, host, port or (443 if secure else 80), path)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def reachable(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether a resolved address may be called: public ones, and those of networks somebody allowed.

    Loopback, link-local (cloud metadata), private, multicast and reserved addresses are not public; an IPv4 address
    inside IPv6 (mapped, 6to4, Teredo, NAT64) is judged as the IPv4 address it leads to.
    """
    found = _inner(ipaddress.ip_address(address))
    if any(found.version == network.version and found in network for network in allowed):
        return True
    return found.is_global and not found.is_multicast and not found.is_reserved


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


def _inner(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
