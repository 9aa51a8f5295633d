"""Ground for tests that commit: races, and what a request says on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests import ground


@pytest.fixture
def committed(app: Flask, servers: ground.Ground) -> Iterator[Flask]:
    """Tests that commit; everything they leave is taken away again."""
    yield app
    ground.empty(app, servers)
