"""Fixed windows for the rate limits, counted in Valkey or in this process. A window begins with its first count."""

from __future__ import annotations

import logging
import math
import threading
import time
from hashlib import sha1
from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

PREFIX = "houqin:limit:"
AWAY_SECONDS = 5.0  # how long Valkey is left alone once it did not answer
MOST = 50_000  # windows kept in memory
_ADD = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
"""
_DIGEST = sha1(_ADD.encode(), usedforsecurity=False).hexdigest()  # how Valkey names a script

log = logging.getLogger(__name__)

Window = tuple[int, int]
"""How often in the present window, this time included, and in how many seconds it ends."""


class Counts(Protocol):
    def add(self, name: str, seconds: int) -> Window:
        """Count once under a name, in windows of so many seconds. Never raises, never waits for long."""


class InMemory:
    """Counts of this process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}

    def add(self, name: str, seconds: int) -> Window:
        """As `Counts` says."""
        now = time.monotonic()
        with self._lock:
            count, ends = self._windows.get(name, (0, 0.0))
            if ends <= now:
                self._make_room(now)
                count, ends = 0, now + seconds
            self._windows[name] = count + 1, ends
        return count + 1, math.ceil(ends - now)

    def _make_room(self, now: float) -> None:
        if len(self._windows) < MOST:
            return
        self._windows = {name: window for name, window in self._windows.items() if window[1] > now}
        if len(self._windows) >= MOST:
            self._windows.clear()  # a flood of names: all begin anew, rather than fill the memory


class InValkey:
    """Counts of all processes; while Valkey does not answer, of each process alone.

    Each thread keeps a connection: taking one from a pool costs as much as the count.
    """

    def __init__(self, url: str, patience: float) -> None:
        """`patience`: seconds Valkey gets to answer."""
        self._url, self._patience = url, patience
        self._own = threading.local()
        self._meanwhile = InMemory()
        self._away_until = 0.0

    def add(self, name: str, seconds: int) -> Window:
        """As `Counts` says."""
        if time.monotonic() >= self._away_until:
            try:
                return self._added(PREFIX + name, seconds)
            except redis.RedisError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("rates counted in memory", extra={"error": str(error)})
        return self._meanwhile.add(name, seconds)

    def _added(self, name: str, seconds: int) -> Window:
        store = self._store()
        try:
            found: Any = store.evalsha(_DIGEST, 1, name, str(seconds))
        except redis.exceptions.NoScriptError:  # wiped, or started again
            found = store.eval(_ADD, 1, name, str(seconds))
        count, rest = found
        return int(count), int(rest)

    def _store(self) -> redis.Redis:
        store: redis.Redis | None = getattr(self._own, "store", None)
        if store is None:
            store = redis.Redis.from_url(
                self._url,
                socket_timeout=self._patience,
                socket_connect_timeout=self._patience,
                single_connection_client=True,
                # a connection that ended since it was last used is made anew; one that hangs is given up
                retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
            )
            self._own.store = store
        return store
