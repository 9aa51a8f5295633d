"""Statements of the paths every request walks: written out once, then executed by the driver alone.

SQLAlchemy's work around a statement (cache key, parameters, result) costs as much as the driver's and more than half of
what a filing costs in PostgreSQL (bench/README.md). Everything else goes through `db.session.execute`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import ClauseElement, Connection
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.exc import DBAPIError, NoResultFound

from app.core.db import db

_CURSOR = "houqin_prepared"
_dialect = psycopg_dialect()  # type: ignore[no-untyped-call]


class Prepared:
    """One statement, `text()` or an expression (or what makes it, where the mappers must be ready first).

    It runs in the session's transaction, with the session's institution, and raises what the session would. It flushes
    nothing, values go to the driver as they are (so no types with conversions of their own), lists only as arrays, and
    rows are named tuples.
    """

    def __init__(self, statement: ClauseElement | Callable[[], ClauseElement]) -> None:
        self._statement = statement

    def first(self, values: Mapping[str, Any]) -> Any | None:
        """The first row, None where there is none."""
        return self._execute(values).fetchone()

    def one(self, values: Mapping[str, Any]) -> Any:
        """The first row. Raises NoResultFound."""
        row = self._execute(values).fetchone()
        if row is None:
            raise NoResultFound
        return row

    def run(self, values: Mapping[str, Any]) -> None:
        """For a statement whose rows nobody wants."""
        self._execute(values)

    @cached_property
    def _written(self) -> tuple[str, dict[str, Any]]:
        """The SQL, and the values that stand in the statement itself."""
        statement = self._statement if isinstance(self._statement, ClauseElement) else self._statement()
        compiled: Any = statement.compile(dialect=_dialect)
        return str(compiled), {name: bind.value for name, bind in compiled.binds.items() if not bind.required}

    def _execute(self, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        sql, fixed = self._written
        connection = db.session.connection()
        try:
            return _cursor(connection).execute(sql, {**fixed, **values})
        except psycopg.Error as error:
            raise _as_raised_by_the_session(error, sql, connection) from error


def _cursor(connection: Connection) -> psycopg.Cursor[Any]:
    """The one cursor a database connection keeps for all these statements: each is read before the next runs."""
    cursor: psycopg.Cursor[Any] | None = connection.info.get(_CURSOR)
    if cursor is None:
        driver: Any = connection.connection.dbapi_connection
        cursor = connection.info[_CURSOR] = driver.cursor(row_factory=namedtuple_row)
    return cursor


def _as_raised_by_the_session(error: psycopg.Error, sql: str, connection: Connection) -> BaseException:
    """The error as the edge knows it (`core.http.problems`); a connection that is gone leaves the pool."""
    gone = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql,
        None,
        error,
        psycopg.Error,
        hide_parameters=True,
        connection_invalidated=gone,
        dialect=connection.dialect,
    )
