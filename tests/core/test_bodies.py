"""Bodies are read aside by hands that are used again; a sender that stalls keeps one hand and nobody else."""

from __future__ import annotations

import io
import threading
import time

import pytest
from flask import Flask
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, RequestTimeout

from app.core.http import bodies


class Stalled:
    """A stream whose sender says nothing more until the test lets it."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def read(self, _wanted: int) -> bytes:
        self.go.wait(30)
        return b""


def read(app: Flask, stream: object, length: int, *, limit: int = 1000, seconds: float = 20.0) -> bytes:
    sent = {"wsgi.input": stream, "CONTENT_LENGTH": str(length)}
    with app.test_request_context("/", method="POST", environ_overrides=sent), bodies.read(limit, seconds) as kept:
        return kept.read()


def hands() -> int:
    return sum(isinstance(thread, bodies.Hand) for thread in threading.enumerate())


def test_hands_are_used_again(app: Flask) -> None:
    for turn in range(100):
        assert read(app, io.BytesIO(b"%d" % turn), len(b"%d" % turn)) == b"%d" % turn
    assert hands() <= bodies.HANDS + 1


def test_a_stalled_sender_keeps_a_hand_and_nobody_waits(app: Flask) -> None:
    stalled = [Stalled() for _ in range(bodies.HANDS + 4)]
    for stream in stalled:
        with pytest.raises(RequestTimeout):
            read(app, stream, 5, seconds=0.01)
    assert read(app, io.BytesIO(b"quick"), 5) == b"quick"
    for stream in stalled:
        stream.go.set()
    until = time.monotonic() + 10
    while hands() > bodies.HANDS + 1 and time.monotonic() < until:
        time.sleep(0.01)
    assert hands() <= bodies.HANDS + 1, "no more are kept than needed"
    assert read(app, io.BytesIO(b"again"), 5) == b"again"


def test_what_is_cut_off_or_too_large_is_refused_by_the_same_hands(app: Flask) -> None:
    with pytest.raises(BadRequest):
        read(app, io.BytesIO(b"half"), 8)
    with pytest.raises(RequestEntityTooLarge):
        read(app, io.BytesIO(b"x" * 20), 20, limit=10)
    assert read(app, io.BytesIO(b"whole"), 5) == b"whole"
