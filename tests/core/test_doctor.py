"""`flask doctor` says what is wrong and how to mend it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url, update
from sqlalchemy.exc import ProgrammingError

from app.core import clock, doctor, health
from app.core.db import db, institution_bound
from app.core.outbox import OutboxDelivery, publish
from app.core.transaction import transaction
from app.events.operations import HousekeepingDue
from tests import ground


def test_doctor_names_what_is_missing_and_what_to_do(app: Flask) -> None:
    answer = app.test_cli_runner().invoke(args=["doctor", "--json"])
    parts = {each["part"]: each for each in json.loads(answer.output)}
    assert parts["database"]["state"] == parts["migrations"]["state"] == parts["row-level security"]["state"] == "ok"
    assert parts["database role"]["state"] == "ok"
    assert parts["data folder"]["state"] == "ok"
    assert parts["relay"]["mend"], "no relay runs in the suite, so doctor must say how to start one"
    assert answer.exit_code == 1


def test_doctor_speaks_to_people(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["doctor"]).output
    assert "ok  database" in said
    assert "→ Start: python3 worker.py" in said


def test_what_was_given_up_is_found(app: Flask, servers: ground.Ground) -> None:
    with app.app_context(), institution_bound(1), transaction():
        publish(HousekeepingDue())
        db.session.execute(update(OutboxDelivery).values(parked_at=clock.now()))
    try:
        answer = app.test_cli_runner().invoke(args=["doctor", "--json"])
    finally:
        ground.empty(app, servers)
    parts = {each["part"]: each for each in json.loads(answer.output)}
    assert re.fullmatch(r"[1-9]\d* parked", parts["deliveries of test"]["state"])
    assert answer.exit_code == 1


def superuser(servers: ground.Ground) -> str:
    return make_url(servers.web_url).set(username="postgres").render_as_string(hide_password=False)


def owner(servers: ground.Ground) -> str:
    return servers.owner_url


@pytest.mark.parametrize("role", [superuser, owner])
@pytest.mark.parametrize("setting", ["database_url", "report_database_url", "worker_database_url"])
def test_a_role_past_row_level_security_is_found(
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
    servers: ground.Ground,
    setting: str,
    role: Callable[[ground.Ground], str],
) -> None:
    past = role(servers)
    with app.app_context():
        assert doctor._rights().ok
        monkeypatch.setitem(app.config, "HOUQIN", replace(app.config["HOUQIN"], **{setting: past}))
        found = doctor._rights()
    assert not found.ok
    assert setting.upper() in found.said
    assert setting.upper() in found.mend


def test_a_standby_that_is_away_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    away = replace(app.config["HOUQIN"], report_database_url="postgresql+psycopg://nobody@/none?host=/nonexistent")
    monkeypatch.setitem(app.config, "HOUQIN", away)
    with app.app_context():
        found = doctor._rights()
    assert not found.ok
    assert "REPORT_DATABASE_URL" in found.mend


@pytest.mark.parametrize(
    ("error", "mend"),
    [
        (psycopg.errors.UndefinedTable, "Run: flask db upgrade"),
        (psycopg.errors.InsufficientPrivilege, "Is PostgreSQL running, and is DATABASE_URL right?"),
    ],
)
def test_a_database_without_tables_is_told_from_one_that_may_not_be_read(
    app: Flask, monkeypatch: pytest.MonkeyPatch, error: type[psycopg.Error], mend: str
) -> None:
    def refused(*_of: object) -> None:
        raise ProgrammingError("SELECT", {}, error("no"))

    with app.app_context():
        monkeypatch.setattr(db.session, "execute", refused)
        part = health.parts()[0]
    assert (part.ok, part.mend) == (False, mend)
