"""The JSON API on flask-smorest: token only, strict bodies, lists with cursors, dumps compiled from the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from json import JSONDecodeError
from typing import Any

import orjson
from flask import Flask, Response, request
from flask_smorest import Api, Blueprint
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import BadRequest

from app.core import forms

API_ROOT = "/api/v1"
QUERIES_KEPT = 1024


class _Strict(FlaskParser):
    """Bodies are read strictly, and an unknown name in a query is refused as one in a body is."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {  # noqa: RUF012 - the library declares it so
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": None,  # as the schema says
    }

    def parse(self, argmap: Any, req: Any = None, *, location: str | None = None, **options: Any) -> Any:
        """As webargs; the query of a list is loaded once for the same text, since loading depends on nothing else."""
        if location == "query" and isinstance(argmap, forms.QuerySchema):
            return dict(self._listed(argmap, request.query_string))
        return super().parse(argmap, req, location=location, **options)

    @lru_cache(maxsize=QUERIES_KEPT)  # noqa: B019 - one for all blueprints, as old as the process
    def _listed(self, schema: forms.QuerySchema, _query: bytes) -> Mapping[str, Any]:
        """What stands in the query of this request. Raises as `parse` does, and keeps nothing then."""
        found: Mapping[str, Any] = super().parse(schema, request, location="query", unknown=None)
        return found

    def _raw_load_json(self, req: Any) -> Any:
        """The JSON; what nests too deep, or holds a number no machine reads, is 400 as what is malformed."""
        try:
            return super()._raw_load_json(req)
        except JSONDecodeError:
            raise
        except (RecursionError, ValueError) as error:
            raise BadRequest from error


class ApiBlueprint(Blueprint):  # type: ignore[misc]  # flask-smorest is not typed
    """A blueprint below /api/v1 whose views answer through `answers`."""

    ARGUMENTS_PARSER = _Strict()

    def __init__(self, name: str, import_name: str, *, description: str = "") -> None:
        super().__init__(f"api_{name}", import_name, url_prefix=API_ROOT, description=description)

    def route(self, rule: str, **options: Any) -> Callable[..., Any]:
        """Register a view (typed here: the library ships no types)."""
        register: Callable[..., Any] = super().route(rule, **options)
        return register


def accepts(blueprint: Blueprint, schema: type[Schema] | Schema, location: str = "json") -> Callable[..., Any]:
    """Load the request with a schema; the view gets the loaded dict as its first argument."""
    made = schema() if isinstance(schema, type) else schema  # once, not per request: it copies all fields
    accepting: Callable[..., Any] = blueprint.arguments(made, location=location)
    return accepting


def answers(blueprint: Blueprint, status: int, schema: Any = None, *, description: str = "") -> Callable[..., Any]:
    """Declare the answer; the view returns plain data (or data, status, headers) for the schema to dump."""
    answering: Callable[..., Any] = blueprint.response(status, schema, description=description)
    return answering


def also_answers(blueprint: Blueprint, status: int, schema: Any, *, description: str) -> Callable[..., Any]:
    """Declare another answer the view may give; it makes that one itself (`json_answer`)."""
    answering: Callable[..., Any] = blueprint.alt_response(status, schema=schema, description=description, success=True)
    return answering


def json_list(items: list[Any], following: str | None) -> dict[str, Any]:
    """The body of every list: `{"items": […], "next": cursor|null}`."""
    return {"items": items, "next": following}


def json_answer(data: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer straight from plain data, by orjson."""
    return Response(orjson.dumps(data), status, headers, mimetype="application/json")


class _Api(Api):  # type: ignore[misc]  # flask-smorest is not typed
    def _register_error_handlers(self) -> None:
        """Nothing: refusals are rendered by `problems` alone, as problem+json."""


def install(app: Flask) -> Api:
    app.config.update(
        API_TITLE="Houqin",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,  # served by portal, with policy and cache headers like every other route
    )
    api = _Api(
        app,
        spec_kwargs={
            "info": {"description": "Campus facilities desk. Tokens: POST /api/v1/tokens."},
            "security": [{"bearer": []}],
            "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        },
    )
    _describe_fields(api)
    return api


def _describe_fields(api: Api) -> None:
    """Tell the document what our own fields are: text with its length, ids as decimal strings."""
    api.register_field(forms.Text, "string", None)
    api.register_field(forms.Id, "string", None)
    api.register_field(forms.Upload, "string", "binary")

    def bounds(_converter: Any, field: Any, **_options: Any) -> dict[str, Any]:
        if isinstance(field, forms.Text):
            return {"maxLength": field.max}
        return {"pattern": "^[0-9]{1,19}$"} if isinstance(field, forms.Id) else {}

    api.ma_plugin.converter.add_attribute_function(bounds)
