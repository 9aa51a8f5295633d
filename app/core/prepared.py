"""Statements of the paths every request walks: written out once, then executed by the driver alone.

SQLAlchemy's work around a statement (cache key, parameters, result) costs as much as the driver's and more than half of
what a filing costs in PostgreSQL (bench/README.md). Everything else goes through `db.session.execute`.

Planning costs as much again: what decides the way to the rows (states, limits) stands in the text of a list's statement
(`among`, `code`, `number`), where the planner sees it without values, and PostgreSQL keeps one plan for all of them.
What differs from call to call is a named parameter.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import orjson
import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import RowMaker, namedtuple_row
from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    Boolean,
    ClauseElement,
    ColumnElement,
    Connection,
    Enum,
    Integer,
    Select,
    String,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql.psycopg import dialect as psycopg_dialect
from sqlalchemy.exc import DBAPIError, NoResultFound

from app.core.actor import Actor
from app.core.db import db
from app.core.driver import strip

_CONNECTION = "houqin_connection"
_CURSOR = "houqin_prepared"
_CODE = re.compile(r"[a-z_]+")
_NAMED = re.compile(r"%\((\w+)\)s")
_dialect = psycopg_dialect()  # type: ignore[no-untyped-call]  # not typed there


class Prepared:
    """One statement, `text()` or an expression (or what makes it, where the mappers must be ready first).

    It runs in the session's transaction, with the session's institution, and raises what the session would. It flushes
    nothing, values go to the driver as they are (so no types with conversions of their own), lists only as arrays, and
    rows are named tuples.
    """

    def __init__(self, statement: ClauseElement | Callable[[], ClauseElement]) -> None:
        self._statement = statement
        self._maker: RowMaker[Any] | None = None

    def first(self, values: Mapping[str, Any]) -> Any | None:
        """The first row, None where there is none."""
        return self._execute(values).fetchone()

    def one(self, values: Mapping[str, Any]) -> Any:
        """The first row. Raises NoResultFound."""
        row = self._execute(values).fetchone()
        if row is None:
            raise NoResultFound
        return row

    def rows(self, values: Mapping[str, Any]) -> list[Any]:
        """All rows."""
        return self._execute(values).fetchall()

    def run(self, values: Mapping[str, Any]) -> None:
        """For a statement whose rows nobody wants."""
        self._execute(values)

    @property
    def shape(self) -> Any:
        """The expression it was made of."""
        return self._statement if isinstance(self._statement, ClauseElement) else self._statement()

    @cached_property
    def _written(self) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        """The SQL as the server reads it ($1, $2, …), the names of its values in order, those that stand in it itself.

        The driver would look for named values anew at each call of a statement beyond 4,096 characters. Raises
        ValueError where values change the SQL.
        """
        compiled: Any = self.shape.compile(dialect=_dialect)
        if "[POSTCOMPILE_" in str(compiled):
            raise ValueError("IN with a list of values: use among() or = ANY (array)")
        names: dict[str, int] = {}
        sql = _NAMED.sub(lambda match: f"${names.setdefault(match[1], len(names) + 1)}", str(compiled))
        fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required}
        return sql.replace("%%", "%"), tuple(names), fixed

    def maker(self, cursor: psycopg.Cursor[Any]) -> RowMaker[Any]:
        """How the statement's rows are made; its columns are the same at each call, and are looked at once."""
        if self._maker is None:
            usual = namedtuple_row(cursor)
            named: type | None = getattr(usual, "__self__", None)  # none where there are no rows
            # `_make` of a named tuple is Python that does this, called for each row
            self._maker = usual if named is None else partial(tuple.__new__, named)
        return self._maker

    def _execute(self, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        sql, names, fixed = self._written
        connection = _connection()
        given = {**fixed, **values}
        cursor = _cursor(connection)
        cursor.statement = self
        try:
            return cursor.execute(sql, [given[name] for name in names])
        except psycopg.Error as error:
            raise _as_raised_by_the_session(error, sql, connection) from error


class Reading(Prepared):
    """One statement of lists and pages: it flushes first, and so reads what the transaction has changed."""

    def _execute(self, values: Mapping[str, Any]) -> psycopg.Cursor[Any]:
        db.session.flush()
        return super()._execute(values)


class Question(NamedTuple):
    """A statement with the values it is asked with. What a page asks at once is asked together (`answers`)."""

    statement: Prepared
    values: Mapping[str, Any]

    def rows(self) -> list[Any]:
        """Its rows, asked by itself."""
        return self.statement.rows(self.values)


def answers(*questions: Question) -> list[list[Any]]:
    """The rows of several questions, in one statement: most of what a small one costs is the way there and back.

    They come as JSON, so a column is a whole number, a text, a boolean or JSON. Raises ValueError for others, and where
    two questions give the same name another value.
    """
    given: dict[str, Any] = {}
    for each in questions:
        if any(given.get(name, found) != found for name, found in each.values.items()):
            raise ValueError("two values of one name")
        given.update(each.values)
    joined, makers = _joined(tuple(each.statement for each in questions))
    found = joined.one(given)
    return [list(map(maker, rows)) for maker, rows in zip(makers, found, strict=True)]


def _same_as_json(kind: Any) -> bool:
    """Whether a column of this type is read from JSON as the driver reads it."""
    stored = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return isinstance(stored, Integer | String | Boolean | JSON) and not isinstance(stored, Enum)


@lru_cache(maxsize=256)
def _joined(statements: tuple[Prepared, ...]) -> tuple[Reading, tuple[Callable[[Any], Any], ...]]:
    columns, makers = [], []
    for each in statements:
        inside = each.shape.subquery()
        if not all(_same_as_json(column.type) for column in inside.c):
            raise ValueError("a column that JSON would change")
        rows = func.json_agg(func.json_build_array(*inside.c))  # in the order of the subquery
        columns.append(select(func.coalesce(rows, literal_column("'[]'::json"))).scalar_subquery())
        makers.append(partial(tuple.__new__, namedtuple("Row", inside.c.keys(), rename=True)))
    return Reading(select(*columns)), tuple(makers)


class Count(NamedTuple):
    """A number that pages show for a reader: its statement, and the named values for an actor.

    Several are asked in one statement (`core.frame.counts`), so the names of values are each count's own.
    """

    statement: Callable[[], Select[int]]
    values: Callable[[Actor], Mapping[str, Any]]


def value(name: str, kind: Any) -> BindParameter[Any]:
    """A named parameter that must be given."""
    return bindparam(name, type_=kind, required=True)


def blind(name: str, kind: Any) -> ColumnElement[Any]:
    """A named parameter whose value the planner does not see: "since midnight", a list of a few ids.

    Where it sees the value, the plan for that value always looks cheaper than the one for all, and each call is planned
    anew (0.3 to 4 ms). An index is used for it all the same.
    """
    return cast(select(value(name, kind)).scalar_subquery(), kind)


def values(name: str, kind: Any) -> BindParameter[Any]:
    """A named list: `column == any_(values("places", BigInteger))`."""
    return bindparam(name, type_=ARRAY(kind), required=True)


def among(column: Any, codes: Iterable[str]) -> ColumnElement[bool]:
    """`column IN ('a', 'b')` with the codes, which are our own, in the text."""
    found: ColumnElement[bool] = column.in_([code(each) for each in sorted(codes)])
    return found


def code(of: str) -> ColumnElement[str]:
    """A code of ours in the text. Raises ValueError for anything else."""
    if not _CODE.fullmatch(of):
        raise ValueError(f"not a code of ours: {of!r}")
    return literal_column(f"'{of}'", Text)


def number(of: int) -> ColumnElement[int]:
    """A number in the text, as for LIMIT."""
    return literal_column(str(int(of)), Integer)


def _connection() -> Connection:
    """The connection of the session's transaction: asked for once in each, since the session looks for it at length."""
    session = db.session()
    kept: tuple[Any, Connection] | None = session.info.get(_CONNECTION)
    if kept is not None and kept[0] is session.get_transaction():
        return kept[1]
    connection = session.connection()
    session.info[_CONNECTION] = (session.get_transaction(), connection)
    return connection


class _Json(Loader):
    """JSON by orjson itself: the driver's own loader is Python around it, called for each value of each row."""

    load: Callable[[Any, Buffer], Any] = staticmethod(orjson.loads)  # type: ignore[assignment]  # as a method takes it


class _Cursor(psycopg.RawCursor[Any]):
    """`statement`: the one it runs."""

    statement: Prepared


def _cursor(connection: Connection) -> _Cursor:
    """The one cursor a database connection keeps for all these statements: each is read before the next runs."""
    cursor: _Cursor | None = connection.info.get(_CURSOR)
    if cursor is None:
        driver: Any = connection.connection.dbapi_connection
        cursor = connection.info[_CURSOR] = _Cursor(driver, row_factory=lambda of: of.statement.maker(of))
        for kind in ("json", "jsonb"):
            cursor.adapters.register_loader(kind, _Json)
    return cursor


def _as_raised_by_the_session(error: psycopg.Error, sql: str, connection: Connection) -> BaseException:
    """The error as the edge knows it (`core.http.problems`); a connection that is gone leaves the pool."""
    strip(error)
    gone = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, None)  # type: ignore[arg-type]  # psycopg's own connection
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
