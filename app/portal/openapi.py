"""The OpenAPI document: what flask-smorest knows of the routes, completed with what holds for all of them.

The library describes bodies, parameters and good answers from the schemas. Added here, from the views themselves:
bearer security and the two ways in without it, ids as decimal strings, `Idempotency-Key`, `If-Match`, `ETag`,
`Accept-Language`, and every refusal as problem+json.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from flask import Flask

from app.core.http.api import API_ROOT
from app.core.http.idempotency import DEMAND_ATTRIBUTE, EXEMPT_ATTRIBUTE, always
from app.core.http.policy import anyone

PROBLEM = "application/problem+json"
UNSAFE = ("post", "put", "patch", "delete")
ID = {"type": "string", "pattern": "^[0-9]{1,19}$"}

_STATUSES = {
    400: "The request could not be read",
    401: "No valid token",
    403: "Known, but not allowed",
    404: "Nothing is here, or not for this reader",
    405: "This address does not take that kind of request",
    408: "The body did not arrive in time",
    409: "Not possible in the present state, or somebody else holds it",
    412: "The version seen is no longer current; `current` says what is",
    413: "Too large",
    415: "Another kind of content is asked for",
    422: "Understood and refused; `errors` names the fields",
    428: "`Idempotency-Key` or `If-Match` is missing",
    429: "Too many requests; see Retry-After",
    503: "Not available for a moment; see Retry-After",
}

_GOOD = {
    "201": "Made",
    "202": "Taken, goes on in the background",
    "204": "Done, nothing to say",
    "207": "One result per item",
}

_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "A stable slug of the kind of problem"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence that says what to do"},
        "request_id": {"type": ["string", "null"], "description": "Stands in the log, too"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "current": {
            "type": "object",
            "description": "At 412: the present state, assignee and version, or the names of what has `changed`",
        },
    },
}

_PARAMETERS: dict[str, dict[str, Any]] = {
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The language of words and sentences: zh-CN or en",
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        "description": "One key per intended act, kept for 24 h: the same request again gets the stored answer",
    },
    "IdempotencyKeyDemanded": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        "description": "Demanded here (428 without): the same request again gets the stored answer",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The ETag the client saw; another version is answered 412",
    },
    "IfMatchDemanded": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
        "description": "The ETag the client saw (428 without); another version is answered 412",
    },
}


def document(app: Flask, base_url: str) -> dict[str, Any]:
    """The document, built once per process from the registered routes."""
    spec: dict[str, Any] = copy.deepcopy(app.extensions["houqin_api"].spec.to_dict())
    spec["servers"] = [{"url": base_url or "/"}]
    components = spec.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
    components.setdefault("parameters", {}).update(_PARAMETERS)
    components["responses"] = {str(status): _refusal(said) for status, said in _STATUSES.items()}
    spec["tags"] = [tag | {"name": _tag(tag["name"])} for tag in spec.get("tags", ())]
    _without_empty_defaults(spec)
    components.get("schemas", {}).pop("Error", None)
    components.get("schemas", {}).pop("PaginationMetadata", None)
    for path, method, operation in _operations(spec):
        _form_into_body(operation, components["schemas"])
        _complete(app, path, method, operation)
    return spec


def _refusal(said: str) -> dict[str, Any]:
    return {"description": said, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in spec.get("paths", {}).items():
        for parameter in item.get("parameters", ()):
            if parameter.get("in") == "path":
                parameter["schema"] = dict(ID)
        for method, operation in item.items():
            if method in ("get", *UNSAFE):
                yield path, method, operation


def _complete(app: Flask, path: str, method: str, operation: dict[str, Any]) -> None:
    view = _view(app, path, method)
    known = {(each.get("name"), each.get("in")) for each in operation.get("parameters", ())}
    operation["operationId"] = _name(app, path, method)
    operation["tags"] = [_tag(tag) for tag in operation.get("tags", ())]
    parameters = [*operation.get("parameters", ())]
    parameters += [_ref(name) for name in _headers(view, method) if (_PARAMETERS[name]["name"], "header") not in known]
    operation["parameters"] = parameters
    answers = operation.setdefault("responses", {})
    answers.pop("default", None)
    for status, answer in answers.items():
        if "$ref" not in answer:
            answer["description"] = answer.get("description") or _GOOD.get(status, "Done")
            if _calls(view, "versioned("):
                answer["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "The version, for If-Match"}}
    for status in _possible(view, path, method, operation):
        answers[str(status)] = {"$ref": f"#/components/responses/{status}"}
    if getattr(view, "policy", None) is anyone:
        operation["security"] = []


def _form_into_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Fields of a form that also carries files belong into its body; the library leaves them as `formData`."""
    fields = [each for each in operation.get("parameters", ()) if each.get("in") == "formData"]
    if not fields:
        return
    operation["parameters"] = [each for each in operation["parameters"] if each not in fields]
    body = operation.setdefault("requestBody", {"required": True, "content": {}})
    content = body["content"].setdefault("multipart/form-data", {})
    named = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    files = copy.deepcopy(schemas.get(named, {"type": "object"}))
    files["properties"] = files.get("properties", {}) | {each["name"]: each.get("schema", {}) for each in fields}
    demanded = [*files.get("required", ()), *(each["name"] for each in fields if each.get("required"))]
    if demanded:
        files["required"] = demanded
    content["schema"] = files


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def _headers(view: Callable[..., Any] | None, method: str) -> list[str]:
    found = ["AcceptLanguage"]
    if method == "post" and getattr(view, EXEMPT_ATTRIBUTE, None) is not always:
        found.append("IdempotencyKeyDemanded" if getattr(view, DEMAND_ATTRIBUTE, False) else "IdempotencyKey")
    match = _match(view)
    if match is not None:
        found.append("IfMatchDemanded" if match else "IfMatch")
    return found


def _match(view: Callable[..., Any] | None) -> bool | None:
    """Whether the view asks for the version seen: demanded, taken, or (None) not at all."""
    if not any(_calls(view, asks) for asks in ("seen_version(", "seen_tag(", "seen_fields(")):
        return None
    return not _calls(view, "required=False")


def _calls(view: Callable[..., Any] | None, words: str) -> bool:
    """Whether the words stand in the view's source: what a view asks of the edge it asks by name."""
    try:
        return view is not None and words in inspect.getsource(inspect.unwrap(view))
    except (OSError, TypeError):
        return False


def _possible(view: Callable[..., Any] | None, path: str, method: str, operation: dict[str, Any]) -> list[int]:
    """The refusals a caller has to reckon with at this operation."""
    found = {404, 429, 503}
    if getattr(view, "policy", None) is not anyone or method in UNSAFE:  # for a token the password decides
        found |= {401, 403}
    names = _headers(view, method)
    if method in UNSAFE:
        found |= {400, 408, 409, 413, 415, 422}
    elif operation.get("parameters"):
        found.add(422)
    if any(name.startswith("IfMatch") for name in names):
        found.add(412)
    if any(name.endswith("Demanded") for name in names):
        found.add(428)
    return sorted(found)


def _view(app: Flask, path: str, method: str) -> Callable[..., Any] | None:
    """The view behind a path of the document."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(API_ROOT) and method.upper() in (rule.methods or ()) and _shape(rule.rule) == path:
            return app.view_functions[rule.endpoint]
    return None


def _name(app: Flask, path: str, method: str) -> str:
    """A stable name of the operation: `tickets.file_ticket`."""
    for rule in app.url_map.iter_rules():
        if method.upper() in (rule.methods or ()) and _shape(rule.rule) == path:
            return _tag(rule.endpoint)
    return f"{method}{path.replace('/', '.')}"


def _tag(name: str) -> str:
    return name.removeprefix("api_")


def _without_empty_defaults(node: Any) -> None:
    """`default: null` says nothing; a default that is not of the member's type is worse."""
    if isinstance(node, dict):
        if "default" in node and node["default"] in (None, [], {}):
            del node["default"]
        for inner in node.values():
            _without_empty_defaults(inner)
    elif isinstance(node, list):
        for inner in node:
            _without_empty_defaults(inner)


def _shape(rule: str) -> str:
    """`/tickets/<string:ticket_id>` as the document writes it: `/tickets/{ticket_id}`."""
    return "/".join(
        "{" + part.strip("<>").rpartition(":")[2] + "}" if part.startswith("<") else part for part in rule.split("/")
    )
