"""The request body is read whole and bounded before the first statement: a slow phone holds no transaction.

A server's `read` blocks until the bytes are there, for ever if the sender stalls. So another thread reads, and the
request waits for it no longer than BODY_TIMEOUT_S, then answers 408. A body that ends before its Content-Length was cut
off on the way: it is refused, never half taken.

Granian frees a request's stream when the application returns, and that waits for a `read` under way with the
interpreter's lock held: every other request of the process would stand still. So after a 408 the answer goes out whole,
with `Connection: close`, and the thread stays until the sender hangs up (`Lingering`).
"""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterator
from queue import SimpleQueue
from typing import IO, Any, ClassVar

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, RequestTimeout

MAX_FORM_FIELDS = 500
CHUNK = 64 * 1024
IN_MEMORY = 1024 * 1024  # a larger body goes to a temporary file
HANDS = 16  # threads kept waiting for the next body
DISCARDED = 64 * 1024 * 1024  # of a body that is too large, so that its sender gets to read the answer
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


class TooLarge(RequestEntityTooLarge):
    """A body of more than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit


class Reader:
    """Reads one body into `kept`; what exceeds `limit` is read and thrown away."""

    def __init__(self, stream: Any, length: int | None, limit: int) -> None:
        self.kept: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - handed on with the request
        self.size = 0
        self.error: Exception | None = None
        self._stream, self._length, self._limit = stream, length, limit
        self._lock = threading.Lock()
        self._abandoned = False
        self._done = threading.Event()

    def run(self) -> None:
        """Read to the end, or for as long as somebody wants it."""
        try:
            while self._take():
                continue
        except Exception as error:  # noqa: BLE001 - handed to the request
            self.error = error
        finally:
            with self._lock:
                self._done.set()
                if self._abandoned:
                    self.kept.close()

    def _take(self) -> bool:
        """One piece; False at the end of the body or of our patience with it."""
        wanted = CHUNK if self._length is None else min(CHUNK, self._length - self.size)
        piece: bytes = self._stream.read(wanted) if wanted else b""
        with self._lock:
            if not piece or self._abandoned:
                return False
            self.size += len(piece)
            if self.size <= self._limit:
                self.kept.write(piece)
            return self.size < self._limit + DISCARDED

    def finished(self, seconds: float) -> bool:
        """Wait for the end of the body; False when the time is over, and then nobody reads what still comes."""
        if self._done.wait(seconds):
            return True
        with self._lock:
            self._abandoned = not self._done.is_set()
            return not self._abandoned

    def join_done(self) -> None:
        """Wait until no read is under way."""
        self._done.wait()


class Hand(threading.Thread):
    """A thread that reads one body after another; a sender that stalls keeps it, and the next body gets another."""

    _idle: ClassVar[list[Hand]] = []

    def __init__(self) -> None:
        super().__init__(name="body", daemon=True)
        self._next: SimpleQueue[Reader] = SimpleQueue()

    @classmethod
    def take(cls, reader: Reader) -> None:
        """Let a hand that is free, or a new one, read a body."""
        try:
            hand = cls._idle.pop()
        except IndexError:
            hand = cls()
            hand.start()
        hand._next.put(reader)

    def run(self) -> None:
        while True:
            self._next.get().run()
            if len(self._idle) >= HANDS:
                return
            self._idle.append(self)


class Lingering:
    """The body of a 408: after its last byte it waits for the reader."""

    def __init__(self, said: bytes, reader: Reader) -> None:
        self._said, self._reader = said, reader

    def __iter__(self) -> Iterator[bytes]:
        yield self._said
        self._reader.join_done()


def _length() -> int | None:
    """The announced length; None for a chunked body whose end the server knows, 0 where there is no body."""
    if request.content_length is not None:
        return request.content_length
    return None if request.environ.get("wsgi.input_terminated") else 0


def read(limit: int, seconds: float) -> IO[bytes]:
    """The body, from its beginning. Raises 413, 408, and 400 for a body that was cut off."""
    length = _length()
    if length == 0:
        return io.BytesIO()
    reader = Reader(request.environ["wsgi.input"], length, limit)
    Hand.take(reader)
    if not reader.finished(seconds):
        g.stalled = reader
        raise RequestTimeout
    if reader.error is None and reader.size <= limit and (length is None or reader.size == length):
        reader.kept.seek(0)
        return reader.kept
    reader.kept.close()
    if reader.size > limit:
        raise TooLarge(limit)
    raise BadRequest from reader.error


def drain() -> None:
    """Read the body whole: JSON into memory, files into temporary files. What is wrong with it waits for `refuse`."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    try:
        _drain()
    except HTTPException as error:
        g.body_refused = error


def refuse() -> None:
    """Raise 400, 408 or 413 for a body that could not be read, once it is known who sent it and in which language."""
    error: HTTPException | None = g.pop("body_refused", None)
    if error is not None:
        raise error


def _drain() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    plain: int = current_app.config["MAX_CONTENT_LENGTH"]
    request.max_content_length = limit = min(getattr(view, "max_body", plain), current_app.config["MAX_UPLOAD"])
    request.max_form_memory_size = plain
    request.max_form_parts = MAX_FORM_FIELDS
    with read(limit, current_app.config["BODY_SECONDS"]) as body:
        request.environ["wsgi.input"] = body
        request.environ["wsgi.input_terminated"] = True
        if request.mimetype in FORMS:
            _ = request.form
        else:
            request.get_data(cache=True)
    request.environ["wsgi.input"] = io.BytesIO()


def linger(answer: Response) -> Response:
    """After a 408: close the connection, and under granian return to the server only when the reader has ended."""
    reader: Reader | None = g.pop("stalled", None)
    if reader is not None:
        said = answer.get_data()
        answer.headers["Connection"] = "close"
        answer.headers["Content-Length"] = str(len(said))
        if request.environ.get("SERVER_SOFTWARE") == "Granian":
            answer.response = Lingering(said, reader)
    return answer


def install(app: Flask) -> None:
    app.before_request(drain)
    app.after_request(linger)
