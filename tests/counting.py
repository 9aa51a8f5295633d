"""Counting what is said to PostgreSQL: statements of the driver, and messages on the wire.

Every list page runs a constant number of statements, however many rows it shows; a filing makes a known number of
round trips.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import psycopg
from psycopg.pq import Trace

_FRAMES = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SET LOCAL", "BEGIN", "COMMIT")


@contextmanager
def counted() -> Iterator[list[str]]:
    """`with counted() as statements:` collects the SQL sent meanwhile, transaction frames left out."""
    statements: list[str] = []

    def noting(usual: Any) -> Any:
        def send(cursor: Any, statement: Any, *values: Any, **options: Any) -> Any:
            if not str(statement).lstrip().upper().startswith(_FRAMES):
                statements.append(str(statement))
            return usual(cursor, statement, *values, **options)

        return send

    with ExitStack() as patched:
        for name in ("execute", "executemany"):
            send = noting(getattr(psycopg.Cursor, name))
            patched.enter_context(mock.patch.object(psycopg.Cursor, name, send))
        yield statements


@contextmanager
def round_trips(connection: psycopg.Connection[Any]) -> Iterator[list[str]]:
    """`with round_trips(…) as trips:` holds, after the block, one entry for each message that waited for an answer.

    An entry is what a plain message said, or "statement" where a prepared one was bound to its values.
    """
    trips: list[str] = []
    with tempfile.TemporaryFile("w+b") as wire:
        connection.pgconn.trace(wire.fileno())
        connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            yield trips
        finally:
            connection.pgconn.untrace()
        wire.seek(0)
        lines = [line.split("\t") for line in wire.read().decode(errors="replace").splitlines()]
    for sender, _length, kind, *rest in (line for line in lines if len(line) > 2):
        if sender == "F" and kind in ("Query", "Sync"):
            trips.append(" ".join(rest).strip(' "') or "statement")
