"""Connections to Valkey: to one server, or to whichever of several its sentinels call the master (scale.md 2.2).

A single server is `redis://…`, `rediss://…` or `unix://…`; several are
`redis+sentinel://[user:password@]host:port,host:port/NAME[/DATABASE]` with the sentinels' addresses and the master's
name. User and password are those of the servers.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import redis
from redis.sentinel import Sentinel

SENTINELS = "redis+sentinel"
USUAL_PORT = 26379


def connect(url: str, **options: Any) -> redis.Redis:
    """A client with a pool of its own; `options` are redis-py's. Nothing is asked of a server yet."""
    if not url.startswith(f"{SENTINELS}://"):
        return redis.Redis.from_url(url, **options)
    known, name, of_servers = parsed(url)
    patience = {key: value for key, value in options.items() if key in ("socket_connect_timeout", "retry")}
    # Sentinels answer at once, however long a command may block on the master.
    patience["socket_timeout"] = options.get("socket_connect_timeout")
    watched: Any = Sentinel  # not typed there
    found: redis.Redis = watched(known, sentinel_kwargs=patience, **of_servers, **options).master_for(name)
    return found


def parsed(url: str) -> tuple[list[tuple[str, int]], str, dict[str, Any]]:
    """The sentinels, the master's name, and what its connections are made with. Raises ValueError."""
    parts = urlsplit(url)
    credentials, _at, places = parts.netloc.rpartition("@")
    name, _slash, database = parts.path.strip("/").partition("/")
    if not places or not name or not (database or "0").isdecimal():
        raise ValueError("must be redis+sentinel://host:port,host:port/NAME")
    user, _colon, password = credentials.partition(":")
    known = [_place(each) for each in places.split(",")]
    given = {"username": unquote(user) or None, "password": unquote(password) or None, "db": int(database or 0)}
    return known, name, {key: value for key, value in given.items() if value is not None}


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon:
        return text, USUAL_PORT
    if not host or not port.isdecimal():
        raise ValueError(f"{text} is no host:port")
    return host.strip("[]"), int(port)
