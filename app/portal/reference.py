"""The OpenAPI document as its page shows it: operations by area, parameters, bodies and answers, schemas in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.portal.openapi import UNSAFE

METHODS = ("get", *UNSAFE)


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an object or one parameter: its type in words, and the schema it names, if any."""

    name: str
    type: str
    schema: str | None
    required: bool
    said: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: status, what it means, the schema of its body."""

    status: str
    said: str
    schema: str | None
    type: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    key: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Member, ...]
    body: tuple[str, str | None] | None
    answers: tuple[Answer, ...]
    refusals: tuple[Answer, ...]
    free: bool


@dataclass(slots=True)
class Group:
    """The calls of one area."""

    name: str
    said: str
    operations: list[Operation] = field(default_factory=list)


def groups(document: dict[str, Any]) -> list[Group]:
    """Operations by their tag, in the order of their paths."""
    said = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    found: dict[str, Group] = {}
    for path in sorted(document.get("paths", {})):
        item = document["paths"][path]
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]
            tag = (operation.get("tags") or ["api"])[0]
            group = found.setdefault(tag, Group(tag.capitalize(), said.get(tag, "")))
            group.operations.append(_operation(document, path, method, item, operation))
    return list(found.values())


def schemas(document: dict[str, Any]) -> dict[str, tuple[Member, ...]]:
    """The named schemas with their members, by name; those without members are left out."""
    named = document.get("components", {}).get("schemas", {})
    return {name: members(schema) for name, schema in sorted(named.items()) if schema.get("properties")}


def members(schema: dict[str, Any]) -> tuple[Member, ...]:
    """The members of an object."""
    required = set(schema.get("required", ()))
    return tuple(
        Member(name, words(inner), named(inner), name in required, inner.get("description", ""))
        for name, inner in schema.get("properties", {}).items()
    )


def _operation(
    document: dict[str, Any], path: str, method: str, item: dict[str, Any], operation: dict[str, Any]
) -> Operation:
    parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
    answers = [_answer(document, status, each) for status, each in sorted(operation.get("responses", {}).items())]
    return Operation(
        key=operation.get("operationId")
        or f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        text=operation.get("description", ""),
        parameters=tuple(_parameter(_resolved(document, each)) for each in parameters),
        body=_body(operation.get("requestBody", {})),
        answers=tuple(each for each in answers if each.status < "400"),
        refusals=tuple(each for each in answers if each.status >= "400"),
        free=operation.get("security") == [],
    )


def _resolved(document: dict[str, Any], thing: dict[str, Any]) -> dict[str, Any]:
    """The thing itself, or what its reference names inside the document."""
    if "$ref" not in thing:
        return thing
    found: Any = document
    for part in thing["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _parameter(each: dict[str, Any]) -> Member:
    schema = each.get("schema", {})
    return Member(
        each["name"], words(schema), named(schema), each.get("required", False), each.get("description", ""), each["in"]
    )


def _body(body: dict[str, Any]) -> tuple[str, str | None] | None:
    for kind, content in body.get("content", {}).items():
        schema = content.get("schema", {})
        return (kind if kind != "application/json" else words(schema), named(schema))
    return None


def _answer(document: dict[str, Any], status: str, given: dict[str, Any]) -> Answer:
    answer = _resolved(document, given)
    contents: list[dict[str, Any]] = list(answer.get("content", {}).values())
    schema: dict[str, Any] = contents[0].get("schema", {}) if contents else {}
    return Answer(status, answer.get("description", ""), named(schema), words(schema) if schema else "")


def named(schema: dict[str, Any]) -> str | None:
    """The name of the schema that is used, directly or as the items of a list."""
    for candidate in (schema, schema.get("items", {}), *schema.get("allOf", ()), *schema.get("anyOf", ())):
        if "$ref" in candidate:
            return str(candidate["$ref"]).rpartition("/")[2]
    return None


def words(schema: dict[str, Any]) -> str:
    """A schema in a few words: `string`, `list of Ticket`, `low / normal / high`, `integer 1–100, default 50`."""
    name = named(schema)
    kind = schema.get("type")
    if kind == "array":
        return f"list of {words(schema.get('items', {}))}"
    if name:
        return name
    if "enum" in schema:
        return " / ".join(str(each) for each in schema["enum"] if each is not None)
    shown = " or ".join(kind) if isinstance(kind, list) else str(kind or "any")
    if schema.get("format"):
        shown += f" ({schema['format']})"
    return shown + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    parts = []
    if low is not None and high is not None:
        parts.append(f" {low:g}–{high:g}")
    if schema.get("maxLength"):
        parts.append(f", at most {schema['maxLength']} characters")
    if schema.get("default") is not None:
        parts.append(f", default {schema['default']}")
    return "".join(parts)
