"""Every route names its policy, and no view does what the edge does."""

from __future__ import annotations

import pytest
from flask import Flask

from app.core.errors import NotAllowed
from app.core.http.application import HouqinFlask


def test_every_route_names_its_policy(app: Flask) -> None:
    nameless = sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "policy", None) is None
    )
    assert nameless == []


def test_a_view_without_policy_is_refused(app: Flask) -> None:
    """Default deny: a view that names no policy is closed to everybody (architecture.md rule 8)."""
    assert isinstance(app, HouqinFlask)
    with app.test_request_context("/"), pytest.raises(NotAllowed):
        app._check_policy(lambda: "open")


def test_ids_in_addresses_are_ascii_bigints(app: Flask) -> None:
    """An id beyond 2^63 or in foreign digits is 404: `int` is our own converter."""
    assert app.url_map.converters["int"].__module__ == "app.core.http.application"
