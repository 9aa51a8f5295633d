"""Reports read where REPORT_DATABASE_URL says, all else where it always is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import event

from app import create_app
from app.core.db import REPORTS, db, institution_bound
from tests import ground
from tests.factories import accounts


@pytest.fixture
def site(servers: ground.Ground) -> Iterator[tuple[Flask, list[str | None]]]:
    """An application with two engines on one database, and which of them is used."""
    app = create_app(replace(servers.config(), report_database_url=servers.web_url))
    app.config.update(OUTBOX_RING=False, WTF_CSRF_ENABLED=False)
    used: list[str | None] = []
    with app.app_context():
        for name, engine in db.engines.items():
            event.listen(engine, "checkout", lambda *_of, name=name: used.append(name))
    yield app, used
    ground.let_go(app)
    ground.empty(app, servers)


def test_reports_read_where_the_setting_says(site: tuple[Flask, list[str | None]]) -> None:
    app, used = site
    with app.app_context(), institution_bound(1):
        leader = accounts.person("leader")
        headers = accounts.token(leader)
        db.session.commit()
    client = app.test_client()
    for path in ("figures", "heat", "backlog", "figures/respond/rows", "backlog/orders"):
        used.clear()
        answer = client.get(f"/api/v1/reports/{path}", headers=headers)
        assert (answer.status_code, used[-1]) == (200, REPORTS), path
    used.clear()
    assert client.get("/api/v1/tickets", headers=headers).status_code == 200
    assert set(used) == {None}


def test_so_do_their_pages_and_files(site: tuple[Flask, list[str | None]]) -> None:
    app, used = site
    with app.app_context(), institution_bound(1):
        client = accounts.sign_in(app.test_client(), accounts.person("leader"))
        db.session.commit()
    for path in ("", "/figures.csv", "/rows/respond", "/heat", "/backlog", "/backlog/orders.csv"):
        used.clear()
        with client.get(f"/reports{path}") as answer:
            assert (answer.status_code, used[-1]) == (200, REPORTS), path


def test_a_setting_that_is_not_made_makes_no_second_engine(app: Flask) -> None:
    with app.app_context():
        assert set(db.engines) == {None}
