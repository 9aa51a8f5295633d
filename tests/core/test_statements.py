"""How transactions begin and end, and the statements the driver keeps: they outlive the rollback every GET ends in."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Integer, literal, select, text
from sqlalchemy.exc import DataError, DBAPIError, NoResultFound, ProgrammingError
from sqlalchemy.orm import Session

from app.core.database_errors import sqlstate
from app.core.db import db, institution_bound
from app.core.prepared import Prepared
from app.core.transaction import apart
from tests import ground
from tests.counting import round_trips


def prepared(connection: Any) -> int:
    names = connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar()
    return int(names or 0)


def test_a_rollback_keeps_what_was_prepared(app: Flask) -> None:
    question = text("SELECT :number + 1")
    with app.app_context(), db.engine.connect() as connection:
        for number in range(8):
            assert connection.execute(question, {"number": number}).scalar() == number + 1
            connection.rollback()
        assert prepared(connection) >= 1
        connection.rollback()
        with pytest.raises(ProgrammingError):
            connection.exec_driver_sql("SELECT nonsense")
        connection.rollback()
        assert prepared(connection) >= 1
        assert connection.execute(question, {"number": 1}).scalar() == 2


def test_what_is_taken_back_in_part_keeps_what_was_prepared(app: Flask) -> None:
    """The driver would forget all of them at a savepoint that rolls back."""
    with app.app_context(), institution_bound(1):
        for number in range(8):
            assert PAIR.one({"number": number, "words": ""}).more == number + 1
            assert db.session.execute(text("SELECT :number + 1"), {"number": number}).scalar() == number + 1
            nested = db.session.begin_nested()
            nested.rollback()
        assert prepared(db.session.connection()) >= 2
        assert PAIR.one({"number": 1, "words": ""}).more == 2


def test_a_rollback_takes_back_what_was_written(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE scratch (id int)")
        connection.rollback()
        found = connection.exec_driver_sql("SELECT count(*) FROM pg_class WHERE relname = 'scratch'").scalar()
        assert found == 0


def test_every_transaction_begins_with_its_institution(app: Flask) -> None:
    """Of the session, apart and of a bare connection alike; without a bound one nothing is visible."""
    question = text("SELECT current_setting('app.institution', true)")
    with app.app_context():
        with institution_bound(7), db.engine.connect() as connection:
            assert connection.execute(question).scalar() == "7"
            connection.rollback()
            with apart() as session:
                assert session.execute(question).scalar() == "7"
            with institution_bound(8):
                assert connection.execute(question).scalar() == "8"
        with db.engine.connect() as connection:
            assert not connection.execute(question).scalar()


def test_the_institution_comes_with_the_begin(app: Flask) -> None:
    with app.app_context(), institution_bound(7), db.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        with round_trips(driver) as trips:
            connection.exec_driver_sql("SELECT 1")
            connection.rollback()
            connection.rollback()
        assert trips == ["BEGIN; SET LOCAL app.institution = '7'", "SELECT 1", "ABORT"]


def test_a_connection_that_died_in_the_pool_is_told_and_replaced(app: Flask, servers: ground.Ground) -> None:
    with app.app_context(), institution_bound(1):
        db.engine.dispose()  # the next connection is the only one
        with db.engine.connect() as connection:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with ground.superuser(servers.addresses.sockets) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s)", [pid])
        with pytest.raises(DBAPIError) as told:
            db.session.execute(text("SELECT 1"))
        assert told.value.connection_invalidated
        db.session.rollback()
        assert db.session.execute(text("SELECT 1")).scalar() == 1


PAIR = Prepared(text("SELECT :number + 1 AS more, CAST(:words AS text) AS words"))
DIVIDED = Prepared(text("SELECT 1 / CAST(:by AS int) AS part"))


def test_a_prepared_statement_gives_rows_by_name(database: Session) -> None:
    row = PAIR.one({"number": 3, "words": "50 % 水"})
    assert (row.more, row.words) == (4, "50 % 水")
    assert Prepared(select(literal(5, Integer).label("five"))).one({}).five == 5
    assert Prepared(text("SELECT 1 WHERE false")).first({}) is None
    with pytest.raises(NoResultFound):
        Prepared(text("SELECT 1 WHERE false")).one({})


def test_a_prepared_statement_wants_all_its_values(database: Session) -> None:
    with pytest.raises(KeyError, match="words"):
        PAIR.one({"number": 3})


def test_a_prepared_statement_raises_what_the_session_would(app: Flask, servers: ground.Ground) -> None:
    with app.app_context(), institution_bound(1):
        with pytest.raises(DataError) as refused:
            DIVIDED.one({"by": 0})
        assert sqlstate(refused.value) == "22012"
        db.session.rollback()
        pid = Prepared(text("SELECT pg_backend_pid() AS pid")).one({}).pid
        with ground.superuser(servers.addresses.sockets) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s)", [pid])
        with pytest.raises(DBAPIError) as lost:
            DIVIDED.one({"by": 1})
        assert lost.value.connection_invalidated
        db.session.rollback()
        assert DIVIDED.one({"by": 1}).part == 1
