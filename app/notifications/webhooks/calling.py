"""The one place that calls an address somebody typed: resolved once, judged, and called at just that address.

A name that resolves to something private (SSRF), or to something else the second time (DNS rebinding), gets nothing:
the connection goes to the judged address, TLS is checked against the name, redirects are not followed, and of the
answer only the status counts.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping

from app.notifications.rules.webhooks import BadTarget, Network, Target, reachable

SECONDS = 10.0
READ_AT_MOST = 4096


class NotReached(Exception):
    """There was no answer; the message says why and holds nothing of the body."""


def networks(given: Iterable[str]) -> tuple[Network, ...]:
    """Networks from text such as `10.20.0.0/16`; raises ValueError."""
    return tuple(ipaddress.ip_network(each) for each in given)


def resolve(target: Target, allowed: Iterable[Network]) -> str:
    """The address to call; raises BadTarget "private" where any of the name's addresses may not be called.

    Raises NotReached where the name is not known.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotReached("the name is not known") from error
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    allowed = tuple(allowed)
    if not addresses or not all(reachable(each, allowed) for each in addresses):
        raise BadTarget("private")
    return addresses[0]


def post(target: Target, body: bytes, headers: Mapping[str, str], allowed: Iterable[Network]) -> int:
    """Send one message; returns the status of the answer. Raises BadTarget, NotReached."""
    address = resolve(target, allowed)
    connection = _Pinned(target, address)
    default_port = 443 if target.secure else 80
    host = target.host if target.port == default_port else f"{target.host}:{target.port}"
    try:
        connection.request("POST", target.path, body=body, headers={**headers, "Host": host})
        answer = connection.getresponse()
        answer.read(READ_AT_MOST)
        return answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NotReached(_said(error)) from error
    finally:
        connection.close()


def _said(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate is not valid for this name"
    if isinstance(error, TimeoutError):
        return f"no answer within {SECONDS:g} s"
    return type(error).__name__


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the name resolves to by now."""

    def __init__(self, target: Target, address: str) -> None:
        super().__init__(target.host, target.port, timeout=SECONDS)
        self._target, self._address = target, address

    def connect(self) -> None:
        """Open the socket; TLS names and checks the host the address was given with."""
        plain = socket.create_connection((self._address, self._target.port), timeout=SECONDS)
        if not self._target.secure:
            self.sock = plain
            return
        try:
            self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self._target.host)
        except BaseException:
            plain.close()
            raise
