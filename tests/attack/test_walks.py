"""What holds on every route: a token for every change from a browser, the headers, and that reading changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.db import tenant_tables
from tests.attack import walking
from tests.factories import accounts, world

ALL_RIGHTS = ("admin", "dispatcher", "registry", "technician")
# Written apart on purpose: when a session or token was last used, and that somebody was refused.
KEPT_APART = {"login_session", "api_token", "audit_entry"}
UNKNOWN_STICKER = ("tickets.sticker_post", 404)  # whose token is no sticker's learns nothing else
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.fixture
def ids(database: Session) -> dict[str, Any]:
    return world.build()


@pytest.fixture
def browser(client: FlaskClient, ids: dict[str, Any]) -> FlaskClient:
    return accounts.sign_in(client, accounts.person(*ALL_RIGHTS, locale="en"))


def test_every_change_from_a_browser_needs_its_token(
    app: Flask, browser: FlaskClient, ids: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    through = []
    for method, rule in walking.routes(app, safe=False, api=False):
        if rule.rule.startswith("/open311/"):
            continue  # no cookie is read there: whoever writes sends his token in the form
        for data in ({}, {"csrf_token": "forged"}):
            answer = browser.open(walking.address(rule, ids), method=method, data=data)
            if answer.status_code != 400 and (rule.endpoint, answer.status_code) != UNKNOWN_STICKER:
                through.append((method, rule.rule, answer.status_code))
    assert through == []


def test_every_answer_carries_the_headers(app: Flask, browser: FlaskClient, ids: dict[str, Any]) -> None:
    bearer = accounts.token(accounts.person(*ALL_RIGHTS))
    wanting = []
    walked = [*walking.routes(app, safe=True), *walking.routes(app, safe=False)]
    for method, rule in walked:
        headers = bearer if rule.rule.startswith("/api/") else {}
        answer = browser.open(walking.address(rule, ids), method=method, headers=headers)
        assert answer.status_code < 500 or rule.rule == "/readyz", (method, rule.rule)
        policy = answer.headers.get("Content-Security-Policy", "")
        held = "default-src 'self'" in policy or "sandbox" in policy
        if (
            not held
            or "unsafe" in policy
            or any(answer.headers.get(k) != v for k, v in HEADERS.items())
            or "Cache-Control" not in answer.headers
            or not answer.headers.get("X-Request-ID")
        ):
            wanting.append((method, rule.rule, dict(answer.headers)))
        answer.close()
    assert wanting == []


def contents(database: Session) -> dict[str, str]:
    """A fingerprint of every table."""
    return {
        name: database.execute(text(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {name} t")).scalar()  # noqa: S608 - names of our own, no input
        or ""
        for name in tenant_tables()
        if name not in KEPT_APART
    }


def test_reading_changes_nothing(app: Flask, browser: FlaskClient, ids: dict[str, Any], database: Session) -> None:
    bearer = accounts.token(accounts.person(*ALL_RIGHTS))
    before = contents(database)
    failed = []
    for method, rule in walking.routes(app, safe=True):
        headers = bearer if rule.rule.startswith("/api/") else {}
        answer = browser.open(walking.address(rule, ids), method=method, headers=headers)
        answer.close()
        if answer.status_code >= 500 and rule.rule != "/readyz":
            failed.append((rule.rule, answer.status_code))
    after = contents(database)
    assert failed == []
    assert {name for name, print_ in after.items() if before[name] != print_} == set()
