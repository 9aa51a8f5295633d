"""Below /api/v1 who has no valid token is told that and nothing else, whatever the body is (contract.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.core.http.application import SAFE_METHODS
from app.core.http.bodies import MAX_FORM_FIELDS
from tests.factories import accounts
from tests.security.test_matrix import address

OPEN = {
    ("POST", "/api/v1/tokens"),
    ("GET", "/api/v1/openapi.json"),
    ("HEAD", "/api/v1/openapi.json"),
    ("OPTIONS", "/api/v1/openapi.json"),
    ("GET", "/api/v1/docs"),
    ("HEAD", "/api/v1/docs"),
    ("OPTIONS", "/api/v1/docs"),
    ("OPTIONS", "/api/v1/tokens"),
}
SMALL = 4096
PARTS, PAIRS, JSON = "multipart/form-data; boundary=b", "application/x-www-form-urlencoded", "application/json"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Body:
    data: bytes = b""
    kind: str | None = None
    environ: dict[str, str] = field(default_factory=dict)


def part(value: bytes, more: bytes = b"") -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="file"' + more + b"\r\n\r\n" + value + b"\r\n--b--\r\n"


BODIES = {
    "none": Body(),
    "an object": Body(b"{}", JSON),
    "cut off JSON": Body(b'{"a":', JSON),
    "JSON that is not UTF-8": Body(b'{"a": "\xff"}', JSON),
    "JSON of numbers no machine reads": Body(b'{"a": ' + b"1" * SMALL + b"}", JSON),
    "a deep nest": Body(b"[" * SMALL, JSON),
    "words": Body(b"hello", "text/plain"),
    "an unknown charset": Body(b"\xff", "application/json; charset=klingon"),
    "a kind that is none": Body(b"x", "\xff;;=,"),
    "pairs that are not UTF-8": Body(b"words=%b3%a7", PAIRS),
    "bare bytes as pairs": Body(b"\xff\xfe=\xff", PAIRS),
    "too many pairs": Body(b"&".join(b"a=1" for _ in range(MAX_FORM_FIELDS + 1)), PAIRS),
    "parts that are not UTF-8": Body(part(b"\xb3\xa7"), PARTS),
    "a name that is not UTF-8": Body(part(b"x", b'; filename="\xff"'), PARTS),
    "parts that are cut off": Body(part(b"x")[:-9], PARTS),
    "too many parts": Body(part(b"x")[:-6] * (MAX_FORM_FIELDS + 1), PARTS),
    "parts without a boundary": Body(part(b"x"), "multipart/form-data"),
    "too large JSON": Body(b'"' + b"x" * SMALL * 12 + b'"', JSON),
    "a too large file": Body(part(b"x" * SMALL * 12, b'; filename="a.jpg"'), PARTS),
    "too large pairs": Body(b"a=" + b"x" * SMALL * 12, PAIRS),
    "less than announced": Body(b"{}", JSON, {"CONTENT_LENGTH": "100"}),
    "a length that is none": Body(b"{}", JSON, {"CONTENT_LENGTH": "many"}),
}
TOKENS = (None, "Bearer", "Bearer ", "Bearer nobody-has-this", "Bearer \xff", "Basic YTpi", "x" * 4000)


@pytest.fixture(autouse=True)
def _as_in_production(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forms need their token, and little is too large already."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 10 * SMALL)
    monkeypatch.setitem(app.config, "MAX_UPLOAD", 10 * SMALL)


def taken(app: Flask) -> set[tuple[str, str]]:
    """Method and address of everything below /api/ that is there and not open."""
    rules: list[Rule] = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    found = {(method, address(rule, {})) for rule in rules for method in rule.methods or ()} - OPEN
    assert len(found) > 150
    return found


def with_bodies(app: Flask) -> list[tuple[str, str]]:
    """Those that take a body, and some that are not there or do not."""
    strange = [("POST", "/api/v1/nowhere"), ("POST", "/api/v2/me"), ("PUT", "/api/v1/docs")]
    return strange + sorted(each for each in taken(app) if each[0] not in SAFE_METHODS)


def refused(client: FlaskClient, method: str, where: str, body: Body, token: str | None = None) -> bool:
    answer: Any = client.open(
        where,
        method=method,
        data=body.data,
        content_type=body.kind,
        environ_overrides=body.environ,
        headers={} if token is None else {"Authorization": token},
    )
    with answer:
        said = method == "HEAD" or (answer.mimetype == "application/problem+json" and answer.json["status"] == 401)
        return bool(answer.status_code == 401 and said and answer.headers["WWW-Authenticate"] == "Bearer")


@pytest.mark.parametrize("kind", BODIES)
def test_it_is_401_whatever_the_body_is(app: Flask, client: FlaskClient, database: Session, kind: str) -> None:
    assert [each for each in with_bodies(app) if not refused(client, *each, BODIES[kind])] == []


def test_it_is_401_whatever_is_asked(app: Flask, client: FlaskClient, database: Session) -> None:
    addresses = {where for _method, where in taken(app)} | {"/api/v1/nowhere", "/api/v1", "/api/v1/docs/more"}
    every = {(method, where) for where in addresses for method in METHODS} - OPEN
    assert [each for each in sorted(every) if not refused(client, *each, Body())] == []


@pytest.mark.parametrize("token", TOKENS)
def test_it_is_401_whatever_stands_for_a_token(client: FlaskClient, database: Session, token: str | None) -> None:
    body = BODIES["pairs that are not UTF-8"]
    for method, where in (("POST", "/api/v1/tickets"), ("GET", "/api/v1/me"), ("PATCH", "/api/v1/nowhere")):
        assert refused(client, method, where, body, token), (method, where)


def test_a_session_is_no_token(client: FlaskClient, database: Session) -> None:
    accounts.sign_in(client, accounts.person("admin"))
    assert refused(client, "POST", "/api/v1/tickets", BODIES["pairs that are not UTF-8"])


@pytest.mark.parametrize(
    ("kind", "status"), [("pairs that are not UTF-8", 422), ("too large JSON", 413), ("less than announced", 400)]
)
def test_who_may_come_in_is_told_what_is_wrong_with_the_body(
    client: FlaskClient, database: Session, kind: str, status: int
) -> None:
    """With a token everywhere, and where tokens are given without one."""
    body = BODIES[kind]
    sent: dict[str, Any] = {"data": body.data, "content_type": body.kind, "environ_overrides": body.environ}
    headers = accounts.token(accounts.person("student"))
    assert client.post("/api/v1/tickets", headers=headers, **sent).status_code == status
    assert client.post("/api/v1/tokens", **sent).status_code == status
