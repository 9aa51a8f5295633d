"""The OpenAPI document tells the truth about routes and refusals; its page needs nobody else's code."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.core.http.api import API_ROOT
from app.portal import openapi, reference


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    return openapi.document(app, "http://127.0.0.1")


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in reference.METHODS
    ]


def test_every_route_of_the_api_is_in_it(app: Flask, document: dict[str, Any]) -> None:
    own = {f"{API_ROOT}/openapi.json", f"{API_ROOT}/docs"}
    wanted = {
        (openapi._shape(rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(API_ROOT) and rule.rule not in own
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, method, _operation in operations(document)} == wanted


def test_every_operation_has_a_name_of_its_own_and_words(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _path, _method, operation in operations(document)]
    assert len(names) == len(set(names))
    for path, method, operation in operations(document):
        assert operation.get("summary"), (method, path)
        assert not any(tag.startswith("api_") for tag in operation["tags"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for found in set(re.findall(r'"\$ref": ?"#/([^"]+)"', __import__("json").dumps(document))):
        node: Any = document
        for part in found.split("/"):
            node = node[part]
        assert node


def test_refusals_are_problems_and_those_that_can_come_are_named(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        answers = operation["responses"]
        assert {"404", "429", "503"} <= set(answers), (method, path)
        if operation.get("security") != []:
            assert {"401", "403"} <= set(answers)
        for status, answer in answers.items():
            if status >= "400":
                assert answer == {"$ref": f"#/components/responses/{status}"}
    for answer in document["components"]["responses"].values():
        assert list(answer["content"]) == ["application/problem+json"]


def headers(document: dict[str, Any], path: str, method: str) -> set[str]:
    found = document["paths"][path][method]["parameters"]
    return {each["$ref"].rpartition("/")[2] for each in found if "$ref" in each}


def test_keys_and_versions_are_documented_where_they_are_asked_for(document: dict[str, Any]) -> None:
    tickets, one = f"{API_ROOT}/tickets", f"{API_ROOT}/tickets/{{ticket_id}}"
    assert "IdempotencyKeyDemanded" in headers(document, tickets, "post")
    assert "428" in document["paths"][tickets]["post"]["responses"]
    assert "IdempotencyKey" in headers(document, f"{one}/rating", "post")
    assert "IfMatchDemanded" in headers(document, f"{one}/transitions", "post")
    assert {"412", "428"} <= set(document["paths"][f"{one}/transitions"]["post"]["responses"])
    assert not headers(document, one, "get") & {"IfMatch", "IfMatchDemanded", "IdempotencyKey"}
    assert "IdempotencyKey" not in headers(document, f"{API_ROOT}/tokens", "post")
    assert document["paths"][f"{API_ROOT}/tokens"]["post"]["security"] == []


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    import schemathesis

    schemathesis.openapi.from_dict(document).validate()


def test_fields_beside_files_stand_in_the_body(document: dict[str, Any]) -> None:
    body = document["paths"][f"{API_ROOT}/work-orders/{{order_id}}/photos"]["post"]["requestBody"]
    assert "moment" in body["content"]["multipart/form-data"]["schema"]["properties"]


def test_ids_are_decimal_strings_and_text_has_its_length(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Notification"]["properties"]["id"] == {"type": "string", "pattern": "^[0-9]{1,19}$"}
    assert schemas["NewTicket"]["properties"]["description"]["maxLength"] == 2000
    for item in document["paths"].values():
        for parameter in item.get("parameters", ()):
            assert parameter["schema"] == openapi.ID


def test_the_document_is_open_and_cached(client: FlaskClient) -> None:
    first = client.get(f"{API_ROOT}/openapi.json")
    assert first.status_code == 200
    assert first.get_json()["openapi"] == "3.1.0"
    assert client.get(f"{API_ROOT}/openapi.json", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(("tag", "words"), [("en", "How to begin"), ("zh-CN", "")])
def test_the_page_shows_every_call_without_foreign_code(client: FlaskClient, tag: str, words: str) -> None:
    answer = client.get(f"{API_ROOT}/docs", headers={"Accept-Language": tag})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert words in page
    assert f'lang="{tag}"' in page
    assert "/api/v1/work-orders/{order_id}/transitions" in page
    assert 'id="schema-NewTicket"' in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": {"$ref": "#/components/schemas/Ticket"}}, "list of Ticket"),
        ({"enum": ["low", None, "high"]}, "low / high"),
        ({"type": ["string", "null"], "format": "date-time"}, "string or null (date-time)"),
        ({"type": "integer", "minimum": 1, "maximum": 100, "default": 50}, "integer 1–100, default 50"),
        ({"type": "string", "maxLength": 5}, "string, at most 5 characters"),
        ({}, "any"),
    ],
)
def test_a_schema_in_words(schema: dict[str, Any], words: str) -> None:
    assert reference.words(schema) == words
