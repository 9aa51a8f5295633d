"""Business time. Taken once per request or job and passed on as `now`; frozen in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system


def now() -> datetime:
    """The present instant, aware, UTC."""
    return _source()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold the clock at `at` (aware) for the block; tests and demo seeding only."""
    global _source
    before = _source
    _source = lambda: at  # noqa: E731 - a def would shadow nothing and say no more
    try:
        yield
    finally:
        _source = before
