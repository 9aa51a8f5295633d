"""Business time. Taken once per request or job and passed on as `now`; frozen in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_sources: list[Callable[[], datetime]] = [_system]


def now() -> datetime:
    """The present instant, aware, UTC."""
    return _sources[-1]()


@contextmanager
def frozen(at: datetime) -> Iterator[None]:
    """Hold the clock at `at` (aware) for the block; tests and demo seeding only."""
    _sources.append(lambda: at)
    try:
        yield
    finally:
        _sources.pop()
