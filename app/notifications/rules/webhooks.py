"""Webhooks: signature of a message and what an address may be (Standard Webhooks 1.0; reliability.md on SSRF)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
import secrets
import socket
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


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an installation lets webhooks call beside https and public addresses: plain http, networks of its own."""

    plain: bool = False
    networks: tuple[Network, ...] = ()


class BadTarget(ValueError):
    """The address cannot be a webhook's; `code` is one of "form", "scheme", "name", "private"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def target(url: str, allowed: Allowed) -> Target:
    """Take an address apart. Raises BadTarget: https only (http where allowed), no user, no fragment.

    A host written as an address, in whatever notation, is judged by `reachable` here; what a name stands for is known
    when it is called (`calling.resolve`), by the same rule.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii").lower() if parts.hostname else ""
    except (ValueError, UnicodeError) as error:
        raise BadTarget("form") from error
    if len(url) > URL_MAX or not url.isprintable() or " " in url or parts.fragment or parts.username is not None:
        raise BadTarget("form")
    if parts.scheme not in ("https", "http") or (parts.scheme == "http" and not allowed.plain):
        raise BadTarget("scheme")
    _judge_host(host, allowed.networks)
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise BadTarget("form")
    return Target(secure, host, port or (443 if secure else 80), path)


def _judge_host(host: str, networks: Iterable[Network]) -> None:
    address = _literal(host)
    if address is None and not _HOST.fullmatch(host):
        raise BadTarget("name")
    if address is not None and not reachable(str(address), networks):
        raise BadTarget("private")


_NUMBER: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL: Final = "localhost"  # RFC 6761: it and every name below it is loopback


def _literal(host: str) -> Address | None:
    """The address a host is written as; None for a name. Raises BadTarget "name" for a number that is no address.

    `2130706433`, `0177.0.0.1` and `127.1` are read as the resolver reads them (inet_aton); so a last label that is a
    number makes the whole an IPv4 address, as in the URL standard.
    """
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    if host == _LOCAL or host.endswith(f".{_LOCAL}"):
        return ipaddress.IPv4Address("127.0.0.1")
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError as error:
        raise BadTarget("name") from error


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
