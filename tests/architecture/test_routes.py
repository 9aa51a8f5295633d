"""Every route names its policy, and no view does what the edge does."""

from __future__ import annotations

from flask import Flask

STATIC = {"static"}


def test_every_route_names_its_policy(app: Flask) -> None:
    nameless = sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in STATIC and getattr(app.view_functions[rule.endpoint], "policy", None) is None
    )
    assert nameless == []


def test_an_unlisted_view_is_refused(app: Flask) -> None:
    """Default deny: a view without a policy answers 403 even to the administrator (architecture.md rule 8)."""
    from app.core.http.application import HouqinFlask

    assert isinstance(app, HouqinFlask)
    assert "policy" not in vars(app.view_functions["static"])


def test_ids_in_addresses_are_ascii_bigints(app: Flask) -> None:
    """An id beyond 2^63 or in foreign digits is 404: `int` is our own converter."""
    assert app.url_map.converters["int"].__module__ == "app.core.http.application"
