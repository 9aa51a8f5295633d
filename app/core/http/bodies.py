"""The request body is drained and bounded before the first statement: a slow phone holds no transaction."""

from __future__ import annotations

import io
import time
from typing import Any

from flask import Flask, current_app, request
from werkzeug.exceptions import RequestTimeout

DEFAULT_BODY = 1024 * 1024  # bytes; routes that take files say more with @upload
MAX_FORM_FIELDS = 500


class Deadline(io.RawIOBase):
    """A request stream that gives up when the whole body takes longer than allowed."""

    def __init__(self, stream: Any, seconds: float) -> None:
        self._stream = stream
        self._ends = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def _check(self) -> None:
        if time.monotonic() > self._ends:
            raise RequestTimeout

    def read(self, size: int = -1) -> bytes:
        self._check()
        data: bytes = self._stream.read(size)
        return data

    def readline(self, size: int | None = -1) -> bytes:
        self._check()
        data: bytes = self._stream.readline(size)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def drain() -> None:
    """Read the body whole: JSON into memory, files into temporary files. Raises 413 and 408."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    view = current_app.view_functions.get(request.endpoint or "")
    limit = getattr(view, "max_body", DEFAULT_BODY)
    request.max_content_length = limit
    request.max_form_memory_size = DEFAULT_BODY
    request.max_form_parts = MAX_FORM_FIELDS
    request.environ["wsgi.input"] = Deadline(request.environ["wsgi.input"], current_app.config["BODY_SECONDS"])
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        _ = request.form
    else:
        request.get_data(cache=True)


def install(app: Flask) -> None:
    app.before_request(drain)
