"""Prepared statements outlive a rollback: every GET ends in one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.core.db import db


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


def test_a_rollback_takes_back_what_was_written(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE scratch (id int)")
        connection.rollback()
        found = connection.exec_driver_sql("SELECT count(*) FROM pg_class WHERE relname = 'scratch'").scalar()
        assert found == 0
