"""Which way PostgreSQL goes for the statements a request runs, asked with the rights of the process that runs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import psycopg
from sqlalchemy import Connection

Statement = tuple[str, Any]
_ASKED = ("SELECT", "WITH")


@contextmanager
def seen() -> Iterator[list[Statement]]:
    """`with seen() as statements:` collects the reading statements sent meanwhile, with their values."""
    found: list[Statement] = []
    usual = psycopg.Cursor.execute

    def noting(cursor: Any, statement: Any, values: Any = None, **options: Any) -> Any:
        if str(statement).lstrip().upper().startswith(_ASKED):
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


def _plan(connection: Connection, statement: Statement, institution: int) -> dict[str, Any]:
    connection.exec_driver_sql(f"SET LOCAL app.institution = '{institution:d}'")
    explained = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement[0]}", statement[1]).scalar_one()
    plan: dict[str, Any] = explained[0]["Plan"]
    return plan


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)
