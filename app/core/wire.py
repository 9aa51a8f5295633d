"""What a database connection is asked by statements written out once: bound values, one message, its rows.

The driver's cursor is made for any statement, and does two thirds of what such a one costs it (bench/README.md). Here
the server's own prepared statement is called; several that are asked together take one message, and one answer.
"""

from __future__ import annotations

import select
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader, PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.pq.abc import PGresult

_FINE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)


class Line(NamedTuple):
    """One statement as the server reads it ($1, $2, …), and its values in order."""

    sql: str
    values: Sequence[Any]


class _Bound(NamedTuple):
    """A statement as it is sent. `name`: as the server keeps it, None where it is told anew."""

    name: bytes | None
    sql: bytes
    values: Sequence[Buffer | None]
    types: tuple[int, ...]
    formats: Sequence[int]


class _Json(Loader):
    """JSON by orjson itself: the driver's own loader is Python around it, called for each value of each row."""

    load: Callable[[Any, Buffer], Any] = staticmethod(orjson.loads)  # type: ignore[assignment]  # as a method takes it


class Wire:
    """One connection. It is used by one thread at a time, as the session that holds it."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._pgconn = connection.pgconn
        self._values = Transformer(connection)
        self._rows = Transformer(connection)
        for kind in ("json", "jsonb"):
            self._rows.adapters.register_loader(kind, _Json)
        self._threshold, self._at_most = connection.prepare_threshold, connection.prepared_max or 0
        self._known: OrderedDict[tuple[str, tuple[int, ...]], bytes | int] = OrderedDict()
        self._given = 0
        self._ready = select.poll()
        self._ready.register(self._pgconn.socket, select.POLLIN)

    def ask(self, *lines: Line) -> list[PGresult]:
        """The answer to each, in one message. Raises psycopg.Error; of several statements nothing is known then."""
        bound = [self._bound(each) for each in lines]
        answers = [self._asked(bound[0])] if len(bound) == 1 else self._gathered(bound)
        for each in answers:
            if each.status not in _FINE:
                raise self._error(each)
        return answers

    def rows(self, answer: PGresult, make: Callable[[Sequence[Any]], Any]) -> list[Any]:
        """The rows of an answer."""
        self._rows.set_pgresult(answer)
        return self._rows.load_rows(0, answer.ntuples, make)

    def _bound(self, line: Line) -> _Bound:
        values = self._values.dump_sequence(line.values, [PyFormat.AUTO] * len(line.values))
        types = self._values.types or ()
        sql = line.sql.encode()
        return _Bound(self._name(line.sql, sql, types), sql, values, types, self._values.formats or ())

    def _name(self, key: str, sql: bytes, types: tuple[int, ...]) -> bytes | None:
        """By which name the server knows a statement, from its so many-th call on; None before.

        Of those known the one not asked for the longest is forgotten. Raises psycopg.Error.
        """
        if self._threshold is None:
            return None
        known = self._known.pop((key, types), 0)
        if isinstance(known, int):
            if known < self._threshold:
                known += 1
            else:
                self._given += 1
                known = self._prepared(b"houqin_%d" % self._given, sql, types)
        self._known[key, types] = known  # the last of them
        if len(self._known) > self._at_most:
            _key, oldest = self._known.popitem(last=False)
            if isinstance(oldest, bytes):
                self._pgconn.exec_(b"DEALLOCATE " + oldest)
        return known if isinstance(known, bytes) else None

    def _prepared(self, name: bytes, sql: bytes, types: tuple[int, ...]) -> bytes:
        answer = self._pgconn.prepare(name, sql, types)
        if answer.status not in _FINE:
            raise self._error(answer)
        return name

    def _asked(self, bound: _Bound) -> PGresult:
        if bound.name is None:
            return self._pgconn.exec_params(bound.sql, bound.values, bound.types, bound.formats)
        return self._pgconn.exec_prepared(bound.name, bound.values, bound.formats)  # type: ignore[arg-type]  # NULL is None there too

    def _gathered(self, several: Sequence[_Bound]) -> list[PGresult]:
        """Several in one message; what follows one that failed is not run."""
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        for bound in several:
            if bound.name is None:
                pgconn.send_query_params(bound.sql, bound.values, bound.types, bound.formats)
            else:
                pgconn.send_query_prepared(bound.name, bound.values, bound.formats)
        pgconn.pipeline_sync()
        answers: list[PGresult] = []
        while True:
            while (unsent := pgconn.flush()) or pgconn.is_busy():
                self._ready.poll(1 if unsent else None)  # lets other threads run, as `get_result` would not
                pgconn.consume_input()
            answer = pgconn.get_result()
            if answer is not None and answer.status == ExecStatus.PIPELINE_SYNC:
                break
            if answer is not None:
                answers.append(answer)
        pgconn.exit_pipeline_mode()
        return answers

    def _error(self, answer: PGresult) -> psycopg.Error:
        if self._pgconn.status != ConnStatus.OK:
            return psycopg.OperationalError("the connection is lost")
        error = error_from_result(answer)
        if isinstance(error, InvalidSqlStatementName):
            self._known.clear()  # somebody had the server forget all of them
        return error
