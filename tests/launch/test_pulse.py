"""A child's promise as its parent reads it."""

from __future__ import annotations

import os
import signal
import time

from app.core.launch.pulse import Pulse


def test_who_keeps_promising_is_never_overdue() -> None:
    """Read while it is written: a half-written promise would look like one of long ago."""
    pulse = Pulse()
    child = os.fork()
    if child == 0:
        try:
            while True:
                pulse.promise(60)
        finally:
            os._exit(0)
    try:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            assert not any(pulse.overdue for _ in range(1000))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_promise_is_broken_when_its_time_is_over_and_can_be_taken_back() -> None:
    pulse = Pulse()
    assert not pulse.overdue, "nothing was promised"
    pulse.promise(60)
    assert not pulse.overdue
    pulse.promise(-1)
    assert pulse.overdue
    pulse.forget()
    assert not pulse.overdue
