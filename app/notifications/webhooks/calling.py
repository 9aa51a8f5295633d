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

from flask import current_app

from app.notifications.rules.webhooks import Allowed, BadTarget, Network, Target, reachable

SECONDS = 10.0
READ_AT_MOST = 4096


class NotReached(Exception):
    """There was no answer; `code` is one of "name-unknown", "certificate", "tls", "timeout", "no-connection"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def networks(given: Iterable[str]) -> tuple[Network, ...]:
    """Networks from text such as `10.20.0.0/16`; raises ValueError."""
    return tuple(ipaddress.ip_network(each) for each in given)


def allowed_here() -> Allowed:
    """What this installation lets webhooks call: `http://` outside production only, and WEBHOOK_NETWORKS."""
    config = current_app.config["HOUQIN"]
    return Allowed(plain=not config.production, networks=networks(config.webhook_networks))


def resolve(target: Target, open_to: Iterable[Network]) -> str:
    """The address to call; raises BadTarget "private" where any of the name's addresses may not be called.

    Raises NotReached where the name is not known.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise NotReached("name-unknown") from error
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    open_to = tuple(open_to)
    if not addresses or not all(reachable(each, open_to) for each in addresses):
        raise BadTarget("private")
    return addresses[0]


def post(target: Target, body: bytes, headers: Mapping[str, str], open_to: Iterable[Network]) -> int:
    """Send one message; returns the status of the answer. Raises BadTarget, NotReached."""
    address = resolve(target, open_to)
    connection = _Pinned(target, address)
    default_port = 443 if target.secure else 80
    host = target.host if target.port == default_port else f"{target.host}:{target.port}"
    try:
        connection.request("POST", target.path, body=body, headers={**headers, "Host": host})
        answer = connection.getresponse()
        answer.read(READ_AT_MOST)
        return answer.status
    except (OSError, http.client.HTTPException) as error:
        raise NotReached(_code(error)) from error
    finally:
        connection.close()


def _code(error: BaseException) -> str:
    kinds: tuple[tuple[type[BaseException], str], ...] = (
        (ssl.SSLCertVerificationError, "certificate"),
        (ssl.SSLError, "tls"),
        (TimeoutError, "timeout"),
    )
    return next((code for kind, code in kinds if isinstance(error, kind)), "no-connection")


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
