"""What the database keeps: row-level security on every tenant table, grants, keys led by the institution."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from app.core.db import Model, tenant_tables
from tests import ground


@pytest.fixture
def owner(servers: ground.Ground) -> Iterator[Connection]:
    """A connection as the owner of the tables."""
    yield from connected(servers.owner_url)


@pytest.fixture
def plain(servers: ground.Ground) -> Iterator[Connection]:
    """A connection as the web's role, with no institution set."""
    yield from connected(servers.web_url)


def connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


APPEND_ONLY = (
    "audit_entry",
    "calendar_version",
    "feedback_event",
    "notice_version",
    "sla_policy_version",
    "ticket_event",
)
WITHOUT_POLICY = {"institution", "alembic_version"}


def test_all_tables_but_the_named_have_row_level_security(owner: Connection) -> None:
    bare = owner.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p') AND NOT relrowsecurity"
        )
    ).scalars()
    assert set(bare) == WITHOUT_POLICY


def test_without_an_institution_nothing_is_seen(plain: Connection, app: Flask) -> None:
    for table in tenant_tables():
        assert plain.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0, table  # noqa: S608 - names of our own, no input


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET institution_id = institution_id"])
def test_history_is_append_only_by_grant(plain: Connection, table: str, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        plain.execute(text(statement.format(table)))


def test_every_key_of_a_tenant_table_begins_with_the_institution() -> None:
    wrong = []
    for name in tenant_tables():
        table = Model.metadata.tables[name]
        keys = [list(table.primary_key.columns)]
        keys += [list(index.columns) for index in table.indexes if not index.dialect_options["postgresql"]["using"]]
        keys += [
            list(constraint.columns)
            for constraint in table.constraints
            if type(constraint).__name__ in ("UniqueConstraint", "ForeignKeyConstraint", "ExcludeConstraint")
        ]
        wrong += [f"{name}: {[c.name for c in key]}" for key in keys if key and key[0].name != "institution_id"]
    assert wrong == []


def test_states_are_text_and_no_trigger_exists(owner: Connection) -> None:
    assert owner.execute(text("SELECT count(*) FROM pg_type WHERE typtype = 'e'")).scalar() == 0
    assert owner.execute(text("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")).scalar() == 0


def test_the_plain_roles_cannot_change_the_schema(plain: Connection) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        plain.execute(text("CREATE TABLE mine (id int)"))
