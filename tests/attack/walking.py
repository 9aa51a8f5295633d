"""Every route of the product with the objects of one small world, for attacks that walk the URL map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from app.core.http.application import SAFE_METHODS

PLAIN = {"act": "accept", "form": "csv", "kind": "places", "outcome": "refused", "name": "tickets.offer_minutes"}


def address(rule: Rule, ids: dict[str, Any]) -> str:
    """The rule's path with the world's objects in it."""
    found = rule.rule
    for name in rule.arguments:
        value = str(ids.get(name, PLAIN.get(name, "x")))
        for form in (f"<{name}>", f"<int:{name}>", f"<string:{name}>", f"<path:{name}>"):
            found = found.replace(form, value)
    return found


def routes(app: Flask, *, safe: bool, api: bool | None = None) -> Iterator[tuple[str, Rule]]:
    """(method, rule) of the product's routes, in the order of their addresses."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule):
        if rule.endpoint == "static" or (api is not None and rule.rule.startswith("/api/") is not api):
            continue
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            if (method in SAFE_METHODS) is safe:
                yield method, rule
