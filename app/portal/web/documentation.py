"""The OpenAPI document and its page, both open to everybody: they say how to get in."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from flask import Response, current_app, make_response, render_template, request

from app.core.http import anyone, not_modified, policy
from app.portal import openapi, reference
from app.portal.web.blueprint import blueprint


def _document() -> dict[str, Any]:
    """Built at the first request of the process; the routes do not change afterwards."""
    known = current_app.extensions.get("houqin_openapi")
    if known is None:
        known = openapi.document(current_app, current_app.config["HOUQIN"].base_url)
        current_app.extensions["houqin_openapi"] = known
    found: dict[str, Any] = known
    return found


@blueprint.get("/api/v1/openapi.json")
@policy(anyone)
def openapi_document() -> Any:
    """The OpenAPI 3.1 document."""
    body = orjson.dumps(_document(), option=orjson.OPT_SORT_KEYS)
    tag = hashlib.sha256(body).hexdigest()[:16]
    unchanged = not_modified(tag)
    if unchanged is not None:
        return unchanged
    answer = Response(body, mimetype="application/json")
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer


@blueprint.get("/api/v1/docs")
@policy(anyone)
def openapi_page() -> Any:
    """The document as a page for people, made on the server."""
    answer = make_response(
        render_template(
            "portal/api_docs.html",
            groups=reference.groups(_document()),
            schemas=reference.schemas(_document()),
            base=request.host_url.rstrip("/"),
        )
    )
    answer.headers["Cache-Control"] = "no-cache"
    return answer
