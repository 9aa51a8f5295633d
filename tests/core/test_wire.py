"""What is said to a database connection: kept by the server after some calls, several at once, failures as ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask

from app.core.db import driver_address
from app.core.wire import Line, Wire
from tests.counting import round_trips

ONE = Line("SELECT $1::bigint + 1", [1])


@pytest.fixture
def driver(app: Flask) -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, as those of the pool."""
    address = driver_address(app.config["HOUQIN"].database_url)
    with psycopg.connect(address, autocommit=True, prepare_threshold=2) as connection:
        yield connection


def kept(driver: psycopg.Connection[Any]) -> list[str]:
    found = driver.execute("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time", prepare=False)
    return [row[0] for row in found.fetchall()]


def said(wire: Wire, *lines: Line) -> list[list[Any]]:
    return [wire.rows(each, tuple) for each in wire.ask(*lines)]


def test_a_statement_is_kept_from_the_third_call_on(driver: psycopg.Connection[Any]) -> None:
    wire = Wire(driver)
    for call in range(4):
        assert said(wire, ONE) == [[(2,)]]
        assert len(kept(driver)) == (call >= 2)


def test_nothing_is_kept_for_a_pooler(driver: psycopg.Connection[Any]) -> None:
    driver.prepare_threshold = None
    wire = Wire(driver)
    for _call in range(4):
        assert said(wire, ONE, ONE) == [[(2,)], [(2,)]]
    assert kept(driver) == []


def test_the_one_not_asked_for_the_longest_is_forgotten(driver: psycopg.Connection[Any]) -> None:
    driver.prepare_threshold, driver.prepared_max = 0, 2
    wire = Wire(driver)
    for number in (1, 2, 1, 3, 1):
        assert said(wire, Line(f"SELECT {number}", [])) == [[(number,)]]
    assert kept(driver) == ["SELECT 1", "SELECT 3"]


def test_several_take_one_message(driver: psycopg.Connection[Any]) -> None:
    wire = Wire(driver)
    large = Line("SELECT repeat('x', 100000) FROM generate_series(1, $1::int)", [20])
    none = Line("SELECT 1 WHERE $1::text IS NULL", ["given"])
    for _call in range(4):
        with round_trips(driver) as trips:
            first, second, third = wire.ask(large, none, ONE)
        assert trips[-1] == "statement"
        assert (len(wire.rows(first, tuple)), wire.rows(second, tuple), wire.rows(third, tuple)) == (20, [], [(2,)])
    assert trips == ["statement"]


@pytest.mark.parametrize("others", [(), (ONE,)])
def test_what_fails_says_why_and_ends_nothing(driver: psycopg.Connection[Any], others: tuple[Line, ...]) -> None:
    wire = Wire(driver)
    for _call in range(4):
        with pytest.raises(psycopg.errors.DivisionByZero):
            wire.ask(*others, Line("SELECT 1 / $1::int", [0]), *others)
        assert said(wire, ONE) == [[(2,)]]


@pytest.mark.parametrize("others", [(), (ONE,)])
def test_a_connection_that_is_gone(driver: psycopg.Connection[Any], others: tuple[Line, ...]) -> None:
    wire = Wire(driver)
    with pytest.raises(psycopg.OperationalError):
        wire.ask(*others, Line("SELECT pg_terminate_backend(pg_backend_pid())", []), *others)
    assert driver.closed
