"""Ground for tests that commit: races, and what a request says on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from app.core.db import tenant_tables
from tests import ground


@pytest.fixture
def committed(app: Flask, servers: ground.Ground) -> Iterator[Flask]:
    """Tests that commit; everything they leave is taken away again."""
    yield app
    with psycopg.connect(servers.owner_url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as connection:
        tables = sql.SQL(", ").join(sql.Identifier(name) for name in tenant_tables())
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(tables))
