"""Which way PostgreSQL goes for the statements a request runs, asked with the rights of the process that runs them."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg
from sqlalchemy import Connection

Statement = tuple[str, Any]
_ASKED = ("SELECT", "WITH")


@contextmanager
def seen(beginning: tuple[str, ...] = _ASKED) -> Iterator[list[Statement]]:
    """`with seen() as statements:` collects the reading statements sent meanwhile, with their values.

    `beginning`: how those begin that are wanted instead.
    """
    found: list[Statement] = []
    usual = psycopg.Cursor.execute

    def noting(cursor: Any, statement: Any, values: Any = None, **options: Any) -> Any:
        if str(statement).lstrip().upper().startswith(beginning):
            found.append((str(statement), values))
        return usual(cursor, statement, values, **options)

    with mock.patch.object(psycopg.Cursor, "execute", noting):
        yield found


def read_whole(connection: Connection, statement: Statement, institution: int = 1) -> set[str]:
    """The tables the planner would read from end to end for a statement."""
    plan = _plan(connection, statement, institution)
    return {node["Relation Name"] for node in _nodes(plan) if node["Node Type"] == "Seq Scan"}


def judged_singly(connection: Connection, statement: Statement, institution: int = 1) -> set[str]:
    """The tables whose rows are compared one by one with a list of ids, along whatever index they come."""
    plan = _plan(connection, statement, institution)
    return {
        node["Relation Name"]
        for node in _nodes(plan)
        if "Relation Name" in node and "hashed SubPlan" in node.get("Filter", "")
    }


def most_read(connection: Connection, statement: Statement, tables: Container[str], institution: int = 1) -> float:
    """Of the tables named: the most rows that one step of a statement looks at, whether it keeps them or not."""
    plan = _explained(connection, statement, institution, "ANALYZE, TIMING OFF, ")["Plan"]
    looked_at = (
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in _nodes(plan)
        if node.get("Relation Name") in tables
    )
    return max(looked_at, default=0)


def execution_ms(connection: Connection, statement: Statement, institution: int = 1) -> float:
    """What PostgreSQL itself says a statement took to run."""
    taken: float = _explained(connection, statement, institution, "ANALYZE, TIMING OFF, ")["Execution Time"]
    return taken


def indexes(connection: Connection, statement: Statement, institution: int = 1) -> set[str]:
    """The indexes a statement goes along."""
    plan = _plan(connection, statement, institution)
    return {node["Index Name"] for node in _nodes(plan) if "Index Name" in node}


def indexes_alone(connection: Connection, statement: Statement, institution: int = 1) -> set[str]:
    """Those of them that answer without a look at the table."""
    plan = _plan(connection, statement, institution)
    return {node["Index Name"] for node in _nodes(plan) if node["Node Type"] == "Index Only Scan"}


def _plan(connection: Connection, statement: Statement, institution: int) -> dict[str, Any]:
    plan: dict[str, Any] = _explained(connection, statement, institution)["Plan"]
    return plan


def _explained(connection: Connection, statement: Statement, institution: int, how: str = "") -> dict[str, Any]:
    connection.exec_driver_sql(f"SET LOCAL app.institution = '{institution:d}'")
    driver: Any = connection.connection.dbapi_connection
    raw = isinstance(statement[1], list)  # statements of `core.prepared` number their values
    cursor = (psycopg.RawCursor if raw else psycopg.Cursor)(driver)
    row: Any = cursor.execute(f"EXPLAIN ({how}FORMAT JSON) {statement[0]}", statement[1]).fetchone()
    found: dict[str, Any] = row[0][0]
    return found


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)
