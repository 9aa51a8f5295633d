"""Where the rate limits are counted: fixed windows of the `limits` package, in Valkey or in this process."""

from __future__ import annotations

import logging
import math
import time
from functools import cache

import redis
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.core import valkey

PREFIX = "houqin:limit"
AWAY_SECONDS = 5.0  # how long Valkey is left alone once it did not answer
MOST = 50_000  # windows kept in memory

log = logging.getLogger(__name__)


class Counts:
    """Counts of all processes; while Valkey does not answer, or without one, of this process alone.

    A window begins with its first count.
    """

    def __init__(self, url: str | None = None, patience: float = 1.0) -> None:
        """`patience`: seconds Valkey gets to answer."""
        self._memory = MemoryStorage()
        self._own = FixedWindowRateLimiter(self._memory)
        self._shared = FixedWindowRateLimiter(_store(url, patience)) if url else None
        self._away_until = 0.0

    def spend(self, name: str, times: int, seconds: int) -> int:
        """Count once under a name. 0 while it was at most so many `times` in the present window, else the seconds
        until it ends. Never raises, never waits for long."""
        item = _item(times, seconds)
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return _spent(self._shared, item, name)
            except redis.RedisError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("rates counted in memory", extra={"error": str(error)})
        if len(self._memory.storage) >= MOST:
            self._memory.reset()  # a flood of names: all begin anew, rather than fill the memory
        return _spent(self._own, item, name)


def _spent(limiter: FixedWindowRateLimiter, item: RateLimitItemPerSecond, name: str) -> int:
    if limiter.hit(item, name):
        return 0
    return max(1, math.ceil(limiter.get_window_stats(item, name).reset_time - time.time()))


@cache
def _item(times: int, seconds: int) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(times, seconds, namespace="")


def _store(url: str, patience: float) -> RedisStorage:
    options = {
        "socket_timeout": patience,
        "socket_connect_timeout": patience,
        # a connection that ended since it was last used is made anew; one that hangs is given up
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    }
    return RedisStorage("redis://", valkey.connect(url, **options).connection_pool, key_prefix=PREFIX)
