"""Where the rate limits are counted: fixed windows of the `limits` package, in Valkey or in this process."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
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
AHEAD_SHARE, AHEAD_AT_MOST = 100, 10
"""Of a window of 200 or more a hundredth, ten at most, is counted ahead."""

Question = Callable[[FixedWindowRateLimiter, RateLimitItemPerSecond, str, int], int]

log = logging.getLogger(__name__)


class Counts:
    """Counts of all processes; while Valkey does not answer, or without one, of this process alone.

    A window begins with its first count. Of a large one (`_ahead`) each process takes several counts at a time, so that
    most requests ask nobody: a limit of 1,200 may be reached ten too early, or late, for each request a process answers
    at the same time. A small one, as of what may be tried, is exact.
    """

    def __init__(self, url: str | None = None, patience: float = 1.0) -> None:
        """`patience`: seconds Valkey gets to answer."""
        self._taken: dict[str, tuple[int, float]] = {}  # how many are left of those counted ahead, and until when
        self._lock = threading.Lock()
        self._memory = MemoryStorage()
        self._own = FixedWindowRateLimiter(self._memory)
        self._shared = FixedWindowRateLimiter(_store(url, patience)) if url else None
        self._away_until = 0.0

    def spend(self, name: str, times: int, seconds: int) -> int:
        """Count once under a name. 0 while it was at most so many `times` in the present window, else the seconds
        until it ends. Never raises, never waits for long."""
        ahead = _ahead(times)
        if ahead > 1 and self._had(name):
            return 0
        wait = self._asked(_spent, _item(times, seconds), name, ahead)
        if ahead > 1 and not wait:
            self._keep(name, ahead - 1, time.monotonic() + seconds)
        return wait

    def look(self, name: str, times: int, seconds: int) -> int:
        """What `spend` would answer, without counting; of a large window what was counted ahead is left out."""
        return self._asked(_seen, _item(times, seconds), name, 1)

    def _had(self, name: str) -> bool:
        """Whether one was left of those counted ahead; it is used up."""
        with self._lock:
            left, until = self._taken.get(name, (0, 0.0))
            if not left or time.monotonic() >= until:
                return False
            self._taken[name] = (left - 1, until)
            return True

    def _keep(self, name: str, number: int, until: float) -> None:
        """Keep what was counted ahead, beside what other requests have kept meanwhile, until the first of them ends."""
        with self._lock:
            if len(self._taken) >= MOST:
                self._taken.clear()
            left, ends = self._taken.get(name, (0, 0.0))
            if left and time.monotonic() < ends:
                number, until = number + left, min(until, ends)
            self._taken[name] = (number, until)

    def _asked(self, question: Question, item: RateLimitItemPerSecond, name: str, number: int) -> int:
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return question(self._shared, item, name, number)
            except redis.RedisError as error:
                self._away_until = time.monotonic() + AWAY_SECONDS
                log.warning("rates counted in memory", extra={"error": str(error)})
        if len(self._memory.storage) >= MOST:
            self._memory.reset()  # a flood of names: all begin anew, rather than fill the memory
        return question(self._own, item, name, number)


def _ahead(times: int) -> int:
    return max(1, min(times // AHEAD_SHARE, AHEAD_AT_MOST))


def _spent(limiter: FixedWindowRateLimiter, item: RateLimitItemPerSecond, name: str, number: int) -> int:
    return 0 if limiter.hit(item, name, cost=number) else _wait(limiter, item, name)


def _seen(limiter: FixedWindowRateLimiter, item: RateLimitItemPerSecond, name: str, number: int) -> int:
    return 0 if limiter.test(item, name, cost=number) else _wait(limiter, item, name)


def _wait(limiter: FixedWindowRateLimiter, item: RateLimitItemPerSecond, name: str) -> int:
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
