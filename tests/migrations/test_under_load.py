"""A migration on a live system waits for nobody for long: requests go on beside it (quality.md, Reliable)."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from flask_migrate import upgrade

from app import create_app
from app.core.launch import schema
from config import Config
from tests import ground

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
HELD = 3.0  # seconds somebody reads a table that the migration wants for itself
WORST = 2.0  # a reader behind a migration that waits would take HELD; half a second is the migration's patience

LATER = """
import sqlalchemy as sa
from alembic import op

revision = "later"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("ticket", sa.Column("later", sa.Integer()))


def downgrade():
    op.drop_column("ticket", "later")
"""


@pytest.fixture
def own(servers: ground.Ground) -> Iterator[ground.Ground]:
    sockets = servers.addresses.sockets
    name = ground.clone(sockets, ground.template(sockets), f"under_load_{servers.database[-12:]}")
    yield replace(servers, database=name)
    ground.drop(sockets, name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The migrations and one more, which changes the table everybody reads."""
    target = tmp_path / "migrations"
    shutil.copytree(FOLDER, target)
    (head,) = schema.revisions(FOLDER / "versions").heads
    (target / "versions" / "later.py").write_text(LATER.format(head=head), encoding="utf-8")
    return target


def read_on(url: str, over: threading.Event, lengths: list[float]) -> None:
    """Read the table again and again, as requests do."""
    with psycopg.connect(url, autocommit=True) as connection:
        while not over.is_set():
            began = time.monotonic()
            connection.execute("SELECT count(*) FROM ticket")
            lengths.append(time.monotonic() - began)
            time.sleep(0.01)


def test_requests_go_on_beside_a_migration_that_has_to_wait(own: ground.Ground, folder: Path) -> None:
    web, owner = (url.replace("+psycopg", "", 1) for url in (own.web_url, own.owner_url))
    app = create_app(Config.from_env(own.environment()))
    over, lengths = threading.Event(), list[float]()
    reader = threading.Thread(target=read_on, args=(web, over, lengths))
    with psycopg.connect(owner) as holder:
        holder.execute("SELECT count(*) FROM ticket")  # and its transaction stays open
        threading.Timer(HELD, holder.rollback).start()
        reader.start()
        began = time.monotonic()
        with app.app_context():
            upgrade(directory=str(folder))
        ground.let_go(app)
        waited = time.monotonic() - began
    over.set()
    reader.join()
    assert waited >= HELD - 0.5, "it could not have been done before"
    assert len(lengths) > 50
    assert max(lengths) < WORST
    with psycopg.connect(owner) as connection:
        assert connection.execute("SELECT later FROM ticket").fetchall() == []
