"""Declarative base, tenant keys and the one place that sets the institution of a transaction.

Every tenant table is keyed by (institution_id, id). `Tenant`, `ref` and `to_one` carry that rule so that no
area spells it out (architecture.md rule 9). Row-level security compares the row's institution with the
transaction-local setting `app.institution`; without it the plain roles see nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import orjson
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from psycopg import OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Engine,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    Text,
    and_,
    func,
    literal,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """Base of every table; plain declarative, so that mypy understands it."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text,
        int: Integer,
        datetime: DateTime(timezone=True),
        date: Date,
        Decimal: Numeric,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


_institution: ContextVar[int | None] = ContextVar("houqin_institution", default=None)


def current_institution() -> int:
    """The institution bound to this request, job or command.

    Raises LookupError where none is bound: a tenant row without an institution is a programming error.
    """
    value = _institution.get()
    if value is None:
        raise LookupError("no institution is bound")
    return value


def bound_institution() -> int | None:
    """Like `current_institution`, but None where nothing is bound."""
    return _institution.get()


@contextmanager
def institution_bound(institution_id: int) -> Iterator[None]:
    """Bind an institution for the block; every transaction begun inside carries it."""
    token = _institution.set(int(institution_id))
    try:
        yield
    finally:
        _institution.reset(token)


def bind_institution(institution_id: int | None) -> None:
    """Bind without a block (the HTTP edge binds per request and clears at teardown)."""
    _institution.set(None if institution_id is None else int(institution_id))


class Tenant(Model):
    """Base of every table that belongs to an institution."""

    __abstract__ = True

    institution_id: Mapped[int] = mapped_column(
        Integer, primary_key=True, autoincrement=False, default=current_institution, sort_order=-2
    )
    id: Mapped[int] = mapped_column(
        BigInteger, Identity(always=True), primary_key=True, autoincrement=True, sort_order=-1
    )


class Dated:
    """Validity by date, `valid_to` exclusive; nothing that history may point to is deleted (rule 6)."""

    valid_from: Mapped[date | None] = mapped_column(sort_order=90)
    valid_to: Mapped[date | None] = mapped_column(sort_order=91)

    def holds_on(self, day: date) -> bool:
        """`valid_on` of a row that was read."""
        return (self.valid_from is None or self.valid_from <= day) and not self.over_by(day)

    def over_by(self, day: date) -> bool:
        """Whether it has ended by a day, whether it had begun or not."""
        return is_over(self.valid_to, day)


def is_over(valid_to: date | None, day: date) -> bool:
    """The same of a `valid_to` that was read alone."""
    return valid_to is not None and valid_to <= day


def code_in_force(table: str) -> Index:
    """A code stands for one row that has not ended; who has ended leaves his to another."""
    where = text("valid_to IS NULL")
    return Index(f"uq_{table}_code_valid", "institution_id", "code", unique=True, postgresql_where=where)


def ref(target: str, column: str) -> ForeignKeyConstraint:
    """Composite foreign key (institution_id, column) → target(institution_id, id)."""
    return ForeignKeyConstraint(["institution_id", column], [f"{target}.institution_id", f"{target}.id"])


def to_one(column: str, target: str, **options: Any) -> Any:
    """Relationship over `ref`: `to_one("Ticket.reporter_id", "Person")`.

    Only the own id column is marked foreign, so two relationships of a class never argue about who writes
    `institution_id`.
    """
    owner = column.split(".", 1)[0]
    return relationship(
        target,
        primaryjoin=f"and_(foreign({column}) == {target}.id, {owner}.institution_id == {target}.institution_id)",
        **options,
    )


def valid_on(table: Any, day: Any) -> ColumnElement[bool]:
    """Rows of a `Dated` table (or an alias of one) that hold on a day."""
    return and_(begun_by(table, day), not_over(table, day))


def begun_by(table: Any, day: Any) -> ColumnElement[bool]:
    """Those that have begun by a day, whether they have ended or not."""
    return or_(table.valid_from.is_(None), table.valid_from <= day)


def not_over(table: Any, day: Any) -> ColumnElement[bool]:
    """Those that have not ended by a day, whether they have begun or not."""
    return or_(table.valid_to.is_(None), table.valid_to > day)


def valid_on_sql(table: str, day: str) -> str:
    """`valid_on` for a statement that is written out: of a table or its alias, on what stands for a day there."""
    return f"{begun_by_sql(table, day)} AND {not_over_sql(table, day)}"


def begun_by_sql(table: str, day: str) -> str:
    """`begun_by` for a statement that is written out."""
    return f"({table}.valid_from IS NULL OR {table}.valid_from <= {day})"


def not_over_sql(table: str, day: str) -> str:
    """`not_over` for a statement that is written out."""
    return f"({table}.valid_to IS NULL OR {table}.valid_to > {day})"


Id = BigInteger  # column type of every id that points at a tenant row
Small = SmallInteger


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


REPORTS = "reports"


class _Session(Session):
    """Flask-SQLAlchemy's, which may be told to read elsewhere."""

    def get_bind(self, *of: Any, **named: Any) -> Engine | Connection:
        """Where the present transaction takes place."""
        return self._db.engines[REPORTS] if self.info.get(REPORTS) else super().get_bind(*of, **named)


def read_elsewhere() -> None:
    """Let the rest of this request read where reports are read (REPORT_DATABASE_URL); nothing where that is here.

    For pages that read much and may be some seconds behind. What was read before was read in another transaction.
    """
    if REPORTS in db.engines:
        db.session.rollback()
        db.session().info[REPORTS] = True


db = SQLAlchemy(
    metadata=Model.metadata,
    disable_autonaming=True,
    session_options={"class_": _Session},
    engine_options={"json_serializer": _json, "json_deserializer": orjson.loads},
)


def driver_address(url: str) -> str:
    """A database address as the driver itself reads it."""
    return url.replace("+psycopg", "", 1)


def frame_transactions(engine: Engine) -> None:
    """How the connections of an engine begin a transaction and roll it back, all or in part, in one message each.

    The beginning carries the institution that is bound: the only place where a transaction learns it (architecture.md
    rule 9). The driver would say BEGIN alone, and forget its prepared statements at each rollback for fear of
    rolled-back DDL, which the application never runs: every GET ends in one, so each statement would be planned anew
    (1–3 ms).
    """
    engine.dialect.do_begin = _begin  # type: ignore[method-assign, assignment]  # SQLAlchemy has no other hook for it
    engine.dialect.do_rollback = _roll_back  # type: ignore[method-assign, assignment]  # SQLAlchemy has no other hook for it
    engine.dialect.do_rollback_to_savepoint = _roll_back_to  # type: ignore[method-assign]  # SQLAlchemy has no other hook for it


def _begin(connection: Any) -> None:
    if connection.autocommit:
        return
    institution_id = _institution.get()
    # a literal, int-checked above: set_config() and bound values are not propagated by every router
    scope = "" if institution_id is None else f"; SET LOCAL app.institution = '{institution_id:d}'"
    say(connection, f"BEGIN{scope}")


def _roll_back(connection: Any) -> None:
    """What was to be rolled back is gone with a server that hung up; nobody is handed that connection again."""
    if connection.pgconn.transaction_status == TransactionStatus.IDLE:
        return
    try:
        say(connection, "ABORT")
    except OperationalError:
        if not connection.broken:
            raise
        connection.invalidate()


def _roll_back_to(connection: Connection, name: str) -> None:
    say(connection.connection.dbapi_connection, f'ROLLBACK TO SAVEPOINT "{name}"')


def say(connection: Any, words: str) -> None:
    """Words without values or rows in one message, without the driver's own BEGIN. Raises what the driver would."""
    result = connection.pgconn.exec_(words.encode())
    if result.status != ExecStatus.COMMAND_OK:
        error = error_from_result(result)
        if error.sqlstate is None:  # not the server speaks but libpq: the server hung up
            connection.pgconn.finish()  # so that the pool knows, too
            raise OperationalError(str(error)) from error
        raise error


ConstraintError = Callable[[], Exception]
CONSTRAINT_ERRORS: dict[str, ConstraintError] = {}


def constraint_error(name: str, error: ConstraintError) -> None:
    """Say which domain error a named constraint means; the edge turns the violation into it."""
    CONSTRAINT_ERRORS[name] = error


def tenant_tables() -> list[str]:
    """Names of all tables that carry a row-level security policy, sorted."""
    return sorted(table.name for table in Model.metadata.tables.values() if "institution_id" in table.columns)


def one_of(column: Any, ids: Iterable[int]) -> ColumnElement[bool]:
    """`column` is one of the ids, bound as one array: IN binds each, and PostgreSQL takes 65,535 at most."""
    found: ColumnElement[bool] = column == func.any(literal(sorted(set(ids)), ARRAY(BigInteger)))
    return found


def plan_anew() -> None:
    """Let PostgreSQL forget the plans this connection keeps, before much is written.

    The plan of a foreign key's check, made while the table was small, reads all of it for every row: 20,000 people
    took 80 s instead of 6 on a connection that had seen a register of thirty, 5,000 places 9 s instead of 1.
    """
    db.session.execute(text("DISCARD PLANS"))
