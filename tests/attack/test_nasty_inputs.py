"""The nasty inputs of the handbook on every form and every endpoint they fit: never 5xx, the field is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus

import marshmallow
import pytest
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import fields, validate
from sqlalchemy.orm import Session

from app.core import forms
from tests.attack import walking
from tests.factories import accounts, world

ALL_RIGHTS = ("admin", "dispatcher", "registry", "technician")
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
UNSTORABLE = ("a\x00b", "a\ud800b", "\udfff")
TEXTS = (
    *UNSTORABLE,
    "\u202e\u2066漏水\u202c",
    "\u200b\u200d\u2060\ufeff",
    "e" + "\u0301" * 300,
    "<svg onload=alert(1)>'><script>alert(1)</script>{{7*7}}{% raw %}",
    '=HYPERLINK("http://x")',
    "\t@SUM(1)\r\n%s%(x)s{0}",
    "١٢٣",
    "9" * 5000,
    "x" * 20_000,
    "  ",
    "2026-02-30",
    "NaN",
    "1e400",
)
STORABLE = TEXTS[len(UNSTORABLE) :]
NUMBERS = ("0", "-1", "9223372036854775808", "9" * 5000, "١٢٣", "1e400000", "NaN", "1.5", "", "null")
RAW = {
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"description":' * 50_000,
    "lone surrogate": b'{"description": "\\ud800", "category": "\\udfff"}',
    "nul": b'{"description": "a\\u0000b", "category": "tap"}',
    "bare nul": b'{"description": "a\x00b"}',
    "not utf-8": b'{"description": "\xff\xfe"}',
    "nan": b'{"place_id": NaN, "quality": Infinity}',
    "huge numbers": b'{"place_id": 1e400, "quality": ' + b"9" * 5000 + b"}",
    "twice": b'{"note": "a", "note": "b"}',
    "array": b"[]",
    "null": b"null",
    "text": b'"x"',
    "nothing": b"",
    "cut": b'{"description": "x',
    "unknown": b'{"role": "admin", "status": "closed", "assignee_id": 1}',
}


@pytest.fixture
def ids(database: Session) -> dict[str, Any]:
    return world.build()


@pytest.fixture
def bearer(ids: dict[str, Any]) -> dict[str, str]:
    return {**accounts.token(accounts.person(*ALL_RIGHTS)), "If-Match": "*"}


def schemas(kind: type[marshmallow.Schema] = forms.Schema) -> Iterator[type[marshmallow.Schema]]:
    for each in kind.__subclasses__():
        yield each
        yield from schemas(each)


def plausible(field: fields.Field[Any]) -> str:
    """A value the field takes, as a form sends it; text gets the nasty one."""
    chosen = next((rule for rule in getattr(field, "validators", ()) if isinstance(rule, validate.OneOf)), None)
    if chosen is not None:
        return str(next(iter(chosen.choices)))
    if isinstance(field, fields.Date):
        return "2026-11-18"
    if isinstance(field, fields.AwareDateTime):
        return "2026-11-18T10:00:00Z"
    return "1"


def form_fields() -> dict[str, fields.Field[Any]]:
    """Every field any form of the product knows; a form takes its own and leaves the others."""
    found: dict[str, fields.Field[Any]] = {}
    for schema in schemas():
        for name, field in schema().fields.items():
            if not field.dump_only and not is_file(field) and (name not in found or isinstance(field, forms.Text)):
                found[name] = field
    return found


def is_file(field: fields.Field[Any]) -> bool:
    return isinstance(field.inner if isinstance(field, fields.List) else field, forms.Upload)


def file_fields() -> set[str]:
    """Names under which forms take files."""
    return {name for schema in schemas() for name, field in schema().fields.items() if is_file(field)}


def encoded(sent: dict[str, str]) -> bytes:
    return "&".join(
        f"{name}={quote_plus(value.encode('utf-8', 'surrogatepass'))}" for name, value in sent.items()
    ).encode()


def mixed(names: list[str], turn: int) -> dict[str, str]:
    """Another storable text for each field, in each turn another one."""
    return {name: STORABLE[(at + turn) % len(STORABLE)] for at, name in enumerate(names)}


def test_every_form_answers_every_nasty_input(app: Flask, client: FlaskClient, ids: dict[str, Any]) -> None:
    known = form_fields()
    texts = [name for name, field in known.items() if isinstance(field, forms.Text)]
    usual = {name: plausible(field) for name, field in known.items()}
    loads = [
        dict.fromkeys(known, "a\x00b"),
        {**usual, **dict.fromkeys(texts, "a\ud800b")},
        {**usual, **dict.fromkeys(file_fields(), "no file")},
        *({**usual, **mixed(texts, turn)} for turn in (0, 3, 5)),
        *(dict.fromkeys(known, value) for value in NUMBERS[2:5]),
    ]
    somebody = accounts.person(*ALL_RIGHTS)
    wrong = []
    for method, rule in walking.routes(app, safe=False, api=False):
        accounts.sign_in(client, somebody)
        for at, sent in enumerate(loads):
            body = encoded({**sent, "idempotency_key": f"{rule.endpoint}{at}"})
            answer = client.open(walking.address(rule, ids), method=method, data=body, content_type=FORM)
            if answer.status_code >= 500:
                wrong.append((rule.rule, at, answer.status_code))
    assert wrong == []


def bodies(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, rule, properties) of the document's operations that take JSON."""
    with app.test_request_context():
        document = app.extensions["houqin_api"].spec.to_dict()
    parts = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = (operation.get("requestBody") or {}).get("content", {}) if isinstance(operation, dict) else {}
            if "application/json" in content:
                schema = content["application/json"]["schema"]
                while "$ref" in schema:
                    schema = parts[schema["$ref"].rpartition("/")[2]]
                yield method.upper(), path, schema.get("properties", {})


def at(path: str, ids: dict[str, Any]) -> str:
    for name, value in {**ids, **walking.PLAIN}.items():
        path = path.replace(f"{{{name}}}", str(value))
    return path


def text_names(properties: dict[str, Any]) -> list[str]:
    return [name for name, each in properties.items() if "string" in str(each.get("type"))]


@pytest.mark.parametrize("tag", ["zh-CN", "en"])
def test_every_endpoint_names_the_field_that_cannot_be_stored(
    app: Flask, client: FlaskClient, ids: dict[str, Any], bearer: dict[str, str], tag: str
) -> None:
    wrong, said = [], set()
    value = {"zh-CN": "a\x00b", "en": "a\ud800b"}[tag]
    for method, path, properties in bodies(app):
        names = [name for name in text_names(properties) if "pattern" not in properties[name]]
        headers = {**bearer, "Accept-Language": tag, "Idempotency-Key": f"{method}{path}"}
        sent = json.dumps(dict.fromkeys(names, value))
        answer = client.open(at(path, ids), method=method, headers=headers, data=sent, content_type=JSON)
        if not names:
            continue
        if answer.status_code != 422 and not (tag == "en" and answer.status_code == 400):
            wrong.append((path, answer.status_code))
            continue
        listed = answer.get_json(force=True).get("errors") or []
        said |= {each["message"] for each in listed}
        if answer.status_code == 422 and not {each["field"].split(".")[0] for each in listed} & set(names):
            wrong.append((path, listed))
    assert wrong == []
    assert any("无法" in each or "不能" in each for each in said) is (tag == "zh-CN")


def test_every_endpoint_answers_every_nasty_text(
    app: Flask, client: FlaskClient, ids: dict[str, Any], bearer: dict[str, str]
) -> None:
    wrong, asked = [], 0
    for method, path, properties in bodies(app):
        for turn in range(4):
            asked += 1
            answer = client.open(
                at(path, ids),
                method=method,
                headers={**bearer, "Idempotency-Key": f"n{asked}"},
                data=json.dumps(mixed(text_names(properties), turn * 3)),
                content_type=JSON,
            )
            said = answer.get_json(force=True, silent=True) or {}
            if answer.status_code >= 500 or (
                answer.status_code == 422 and not said.get("errors") and not said["detail"]
            ):
                wrong.append((path, turn, answer.status_code))
    assert wrong == []


def test_every_endpoint_answers_every_broken_body(
    app: Flask, client: FlaskClient, ids: dict[str, Any], bearer: dict[str, str]
) -> None:
    wrong = []
    for method, path, _properties in bodies(app):
        for name, body in RAW.items():
            for kind in (JSON, "text/plain") if name == "nothing" else (JSON,):
                answer = client.open(
                    at(path, ids),
                    method=method,
                    headers={**bearer, "Idempotency-Key": f"{name}{kind}"},
                    data=body,
                    content_type=kind,
                )
                problem = answer.status_code < 400 or answer.mimetype == "application/problem+json"
                if answer.status_code >= 500 or not problem:
                    wrong.append((path, name, kind, answer.status_code))
    assert wrong == []


def test_every_list_answers_every_nasty_query(
    app: Flask, client: FlaskClient, ids: dict[str, Any], bearer: dict[str, str]
) -> None:
    accounts.sign_in(client, accounts.person(*ALL_RIGHTS))
    wrong = []
    for method, rule in walking.routes(app, safe=True):
        headers = bearer if rule.rule.startswith("/api/") else {}
        asked = ("q", "cursor", "limit", "page", "status", "state", "place", "since", "day", "sort")
        for value in ("a\x00b", "a\ud800b", TEXTS[3], "9" * 300, "٢", "2026-02-30"):
            queries = [dict.fromkeys(asked, value)] if headers == {} else [{name: value} for name in ("q", "cursor")]
            for query in queries:
                where = walking.address(rule, ids) + "?" + encoded(query).decode()
                answer = client.open(where, method=method, headers=headers)
                answer.close()
                if answer.status_code >= 500 and rule.rule != "/readyz":
                    wrong.append((rule.rule, value[:20], answer.status_code))
    assert wrong == []


def test_what_is_too_large_is_413_everywhere(
    app: Flask, client: FlaskClient, ids: dict[str, Any], bearer: dict[str, str]
) -> None:
    huge = b'{"description": "' + b"x" * 3_000_000 + b'"}'
    for method, path, _properties in bodies(app):
        answer = client.open(at(path, ids), method=method, headers=bearer, data=huge, content_type=JSON)
        assert answer.status_code == 413, path
        assert "2 MB" in answer.get_json(force=True)["detail"], "the limit is named"
    accounts.sign_in(client, accounts.person(*ALL_RIGHTS))
    wrong = []
    for method, rule in walking.routes(app, safe=False, api=False):
        for size in (600_000, 3_000_000) if "report" in rule.rule else (600_000,):
            body = b"description=" + b"x" * size
            answer = client.open(
                walking.address(rule, ids),
                method=method,
                data=body,
                content_type=FORM,
            )
            if answer.status_code >= 500:
                wrong.append((rule.rule, size, answer.status_code))
    assert wrong == []
