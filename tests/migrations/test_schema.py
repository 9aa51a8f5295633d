"""The migrations make the schema of the models, and can be taken back and made again with data in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from app import create_app
from app.core import clock
from app.core.actor import Actor
from app.core.db import Model, db, institution_bound, tenant_tables
from app.core.transaction import transaction
from app.sites.services import standing
from app.tickets.models import TicketFollower
from app.tickets.services import following
from app.tickets.services.case import by_ticket
from config import Config
from tests import ground
from tests.factories import accounts, sites
from tests.factories import tickets as factory

APPEND_ONLY = (
    "audit_entry",
    "calendar_version",
    "category_version",
    "feedback_event",
    "notice_version",
    "sla_policy_version",
    "ticket_event",
)
FOLDER = str(Path(__file__).resolve().parents[2] / "migrations")


@pytest.fixture
def site(servers: ground.Ground) -> Iterator[tuple[Flask, Connection]]:
    """A migrated database of its own and a connection as the owner."""
    sockets = servers.addresses.sockets
    name = ground.clone(sockets, ground.template(sockets), f"migrations_{servers.database[-12:]}")
    own = replace(servers, database=name)
    engine = create_engine(own.owner_url)
    app = create_app(Config.from_env(own.environment()))
    try:
        with engine.connect() as connection:
            yield app, connection
    finally:
        ground.let_go(app)
        engine.dispose()
        ground.drop(sockets, name)


def test_the_migrations_make_what_the_models_say(site: tuple[Flask, Connection]) -> None:
    _app, connection = site
    context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": Model.metadata})
    found = [each for each in compare_metadata(context, Model.metadata) if "alembic_version" not in str(each)]
    assert found == []


def test_checks_and_exclusions_stand_by_name(site: tuple[Flask, Connection]) -> None:
    """Alembic does not compare these: each must be in the database under its name."""
    _app, connection = site
    inspector = inspect(connection)
    missing = []
    for table in Model.metadata.tables.values():
        there = set(
            connection.execute(
                text("SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(:name)"), {"name": table.name}
            ).scalars()
        )
        checks = {each["name"] for each in inspector.get_check_constraints(table.name)}
        missing += [
            f"{table.name}: {constraint.name}"
            for constraint in table.constraints
            if type(constraint).__name__ == "CheckConstraint" and constraint.name not in checks
        ]
        missing += [
            f"{table.name}: {constraint.name}"
            for constraint in table.constraints
            if isinstance(constraint, ExcludeConstraint) and constraint.name not in there
        ]
    assert missing == []


def test_every_tenant_table_has_its_policy_and_grants(site: tuple[Flask, Connection]) -> None:
    _app, connection = site
    for table in tenant_tables():
        policy = connection.execute(
            text("SELECT count(*) FROM pg_policies WHERE tablename = :name AND policyname = :policy"),
            {"name": table, "policy": "tenant"},
        ).scalar()
        assert policy == 1, table
        for right in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            granted = connection.execute(
                text("SELECT has_table_privilege('houqin_app', :name, :right)"), {"name": table, "right": right}
            ).scalar()
            assert granted is (right in ("SELECT", "INSERT") or table not in APPEND_ONLY), (table, right)


def test_down_and_up_again_with_data(site: tuple[Flask, Connection]) -> None:
    app, connection = site
    connection.execute(text("SET LOCAL app.institution = '1'"))
    connection.execute(
        text(
            "INSERT INTO person (institution_id, name, lang, sort_key, search, sex, must_change_password) "
            "VALUES (1, '林', 'zh-CN', 'lin', '林', 'U', false)"
        )
    )
    connection.commit()
    with app.app_context():
        downgrade(directory=FOLDER, revision="base")
        left = {name for name in inspect(connection).get_table_names() if name != "alembic_version"}
        connection.commit()
        assert left == set()
        upgrade(directory=FOLDER)
    assert set(Model.metadata.tables) <= set(inspect(connection).get_table_names())


def test_what_was_taken_over_before_is_known_as_such(site: tuple[Flask, Connection]) -> None:
    """Migration 0034 reads it from the history: of the last who took it over, and of nobody else's request."""
    app, connection = site
    now = clock.now()
    with app.app_context(), institution_bound(1):
        with transaction():
            made = factory.Ground()
            handed, kept = made.file(), made.file()
            heir = accounts.person("student")
            db.session.add(TicketFollower(ticket_id=handed.id, person_id=heir.id, since=now))
            ids = handed.id, kept.id
        with transaction():
            case = by_ticket(ids[0], actor=Actor.system(1), now=now)
            following.hand_over(case)
            case.write()
            at = case.now
        db.session.remove()
        downgrade(directory=FOLDER, revision="0033")
        upgrade(directory=FOLDER)
    connection.execute(text("SET LOCAL app.institution = '1'"))
    rows = connection.execute(text("SELECT id, taken_over_at FROM ticket ORDER BY id")).all()
    assert [(row.id, row.taken_over_at) for row in rows] == [(ids[0], at), (ids[1], None)]


def test_places_that_count_in_chinese_are_put_in_order(site: tuple[Flask, Connection]) -> None:
    """Migration 0040 gives those of before the keys that new ones get; others keep theirs."""
    app, connection = site
    names = ["第一教学楼", "第二教学楼", "第三教学楼", "第十二教学楼", "第一百教学楼", "图书馆"]
    with app.app_context(), institution_bound(1):
        with transaction():
            made = {sites.building(code=f"B{at}", name=name).id: name for at, name in enumerate(names)}
        db.session.remove()
        for revision, expected in (
            ("0039", ["第二教学楼", "第三教学楼", "第十二教学楼", "第一百教学楼", "第一教学楼", "图书馆"]),
            ("head", names),
        ):
            (downgrade if revision == "0039" else upgrade)(directory=FOLDER, revision=revision)
            connection.execute(text("SET LOCAL app.institution = '1'"))
            rows = connection.execute(
                text("SELECT id, sort_key FROM place WHERE kind = 'building' ORDER BY sort_key, id")
            )
            found = {made[row.id]: row.sort_key for row in rows if row.id in made}
            assert list(found) == expected
            connection.commit()
    assert found == {name: standing.sort_key("building", name) for name in names}
