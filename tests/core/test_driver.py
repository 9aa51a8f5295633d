"""Failures of the database are told without the values they failed on."""

from __future__ import annotations

import time
import traceback
from datetime import datetime
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from app.core.actor import Actor
from app.core.db import db, institution_bound
from app.core.outbox import Subscription
from tests import ground
from tests.core.conftest import World

PHONE = "138 0013 8000"


def test_a_violated_constraint_keeps_its_name_and_loses_its_row(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE one (phone text CONSTRAINT only_once UNIQUE)")
        write = text("INSERT INTO one VALUES (:phone)")
        connection.execute(write, {"phone": PHONE})
        with pytest.raises(IntegrityError, match="only_once") as refused:
            connection.execute(write, {"phone": PHONE})
    told = "".join(traceback.format_exception(refused.value))
    assert PHONE not in told
    assert refused.value.orig is not None
    assert refused.value.orig.diag.constraint_name == "only_once"


def test_a_value_that_cannot_be_read_is_not_quoted(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection, pytest.raises(DataError, match="22P02") as refused:
        connection.execute(text("SELECT CAST(:phone AS text)::int"), {"phone": PHONE})
    assert PHONE not in "".join(traceback.format_exception(refused.value))


def test_the_operations_page_shows_no_value(world: World, caplog: pytest.LogCaptureFixture) -> None:
    def half(event: Any, actor: Actor, now: datetime) -> None:
        db.session.execute(
            text("INSERT INTO setting_value (institution_id, name) VALUES (1, :phone)"), {"phone": PHONE}
        )

    world.handle(Subscription("lamps.change", half))
    world.publish()
    with pytest.raises(IntegrityError):
        world.deliver(world.rows()[0].id)
    said = world.rows()[0].last_error
    assert "not-null constraint" in said
    assert PHONE not in said + caplog.text


def _kill(servers: ground.Ground, backend: int) -> None:
    """End a backend and wait until it is gone."""
    with psycopg.connect(servers.web_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [backend])
        while other.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone():
            time.sleep(0.01)


def test_a_reader_whose_server_hung_up_after_the_last_row_has_read_all(app: Flask, servers: ground.Ground) -> None:
    with app.app_context(), institution_bound(1):
        backend = db.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        _kill(servers, backend)
        db.session.remove()  # as at the end of a request
        assert db.session.execute(text("SELECT pg_backend_pid()")).scalar_one() != backend


@pytest.mark.parametrize("pool", ["usual", "apart"])
def test_a_server_that_hung_up_is_told_as_one_that_is_away_and_is_forgotten(
    app: Flask, servers: ground.Ground, pool: str
) -> None:
    """The pool hands out a connection whose backend was killed: 503 or nothing, but never 500, and only once."""
    with app.app_context(), institution_bound(1):
        engine = db.engine if pool == "usual" else app.extensions["houqin_apart"].kw["bind"]
        engine.dispose()
        with engine.begin() as connection:
            backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        _kill(servers, backend)
        if pool == "usual":
            with pytest.raises(OperationalError) as away, engine.begin():
                pass
            assert away.value.connection_invalidated
        with engine.begin() as connection:
            assert connection.execute(text("SELECT pg_backend_pid()")).scalar_one() != backend
