"""Failures of the database are told without the values they failed on."""

from __future__ import annotations

import traceback
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

from app.core.actor import Actor
from app.core.db import db
from app.core.outbox import Subscription
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
