"""Fixtures every test may use: one application per worker on real PostgreSQL and Valkey, a savepoint per test.

The servers are started once per test run by the first worker; each worker clones the migrated template.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core import clock, settings
from app.core.db import bind_institution
from app.core.institution import forget_institutions
from app.notifications.webhooks import services as webhooks
from tests import ground, savepoints

# How long an example takes says how busy the machine is, nothing of the rule it tries.
hypothesis.settings.register_profile("houqin", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("houqin")

NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 in Shanghai


@pytest.fixture(scope="session")
def servers(worker_id: str) -> Iterator[ground.Ground]:
    """PostgreSQL and Valkey of this run with a migrated database for this worker."""
    with ground.running(worker_id) as found:
        yield found


@pytest.fixture(scope="session")
def app(servers: ground.Ground) -> Iterator[Flask]:
    """The application on this worker's database, rate limits off, the outbox silent."""
    from app import create_app

    application = create_app(servers.config())
    application.config.update(OUTBOX_RING=False, WTF_CSRF_ENABLED=False)
    gc.set_threshold(50_000, 20, 20)  # reference cycles of dropped tests can wait; looking for them cost a twentieth
    yield application
    savepoints.let_go()
    ground.let_go(application)


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    settings.forget()
    webhooks.forget()
    forget_institutions()
    yield
    bind_institution(None)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def frozen(now: datetime) -> Iterator[datetime]:
    """The clock stands at `now`."""
    with clock.frozen(now):
        yield now


@pytest.fixture
def database(app: Flask, servers: ground.Ground) -> Iterator[Session]:
    """`db.session` as the web's role, of institution 1, in a transaction that is rolled back."""
    with savepoints.rolled_back(app, servers.web_url) as session:
        yield session


@pytest.fixture
def client(app: Flask, database: Session) -> FlaskClient:
    """A browser; CSRF is off (its own tests switch it on)."""
    return savepoints.Browser(app, app.response_class, use_cookies=True)


@pytest.fixture
def login(client: FlaskClient) -> Callable[..., FlaskClient]:
    """`login(person)` signs the client in as a person of the factories."""
    from tests.factories import accounts

    def sign_in(person: Any) -> FlaskClient:
        return accounts.sign_in(client, person)

    return sign_in


def pytest_configure(config: pytest.Config) -> None:
    """The first process of the run starts the servers; workers find them in the environment."""
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        servers = ground.started()
        servers.__enter__()
        config.add_cleanup(lambda: servers.__exit__(None, None, None))


@pytest.fixture(scope="session")
def data_folder() -> Path | None:
    """Reference data beside the checkout; tests that need it skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    return folder if folder.is_dir() else None
