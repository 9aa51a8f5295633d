"""ETag and If-Match on a row's version (contract.md): 428 where it is missing; what cannot be read is never current."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

import orjson
from flask import Response, make_response, request
from werkzeug.exceptions import PreconditionRequired

from app.core import seen
from app.core.errors import NEVER

_TAG = re.compile(r'^(?:W/)?"v([0-9]{1,18})"$')
_QUOTED = re.compile(r'^(?:W/)?"([^"]*)"$')


def etag(version: int | str) -> str:
    """The entity tag of a version: its number, or the fingerprints of a row that counts none (`seen.tag`)."""
    return f'"{version}"' if isinstance(version, str) else f'"v{version:d}"'


def fingerprint(data: Any) -> str:
    """The entity tag of an object that counts no versions: what an answer says of it, which is plain data."""
    return blake2b(orjson.dumps(data), digest_size=12).hexdigest()


def seen_version(*, required: bool = True) -> int | None:
    """The version the client says it saw: None where it says nothing (or `*`), NEVER where it cannot be read."""
    header = _said(required)
    if header is None:
        return None
    found = _TAG.match(header)
    return int(found[1]) if found else NEVER


def _said(required: bool) -> str | None:
    """The header; None where it is missing or names any version."""
    header = request.headers.get("If-Match", "").strip()
    if not header and required:
        raise PreconditionRequired
    return None if header in ("", "*") else header


def seen_tag(*, required: bool = True) -> str | None:
    """The same of an object whose tag is no number: what stands between the quotes; "" where it cannot be read."""
    header = _said(required)
    if header is None:
        return None
    found = _QUOTED.match(header)
    return found[1] if found else ""


def seen_fields(shown: Callable[[Any], Mapping[str, Any]], *, required: bool = True) -> seen.Seen | None:
    """The same of a row that counts no versions, as services compare it; `shown` reads the fields of its tag."""
    given = seen_tag(required=required)
    return None if given is None else seen.Seen(given, shown)


def versioned(data: Any, version: int | str, status: int = 200) -> tuple[Any, int, dict[str, str]]:
    """An API answer with the object's ETag; the view returns it through `answers`."""
    return data, status, {"ETag": etag(version)}


def not_modified(tag: str) -> Response | None:
    """304 where the client already has `tag` (a cheap version computed before the query), else None."""
    if request.if_none_match and tag in request.if_none_match:
        answer = make_response("", 304)
        answer.set_etag(tag)
        return answer
    return None


def no_body() -> tuple[str, int]:
    return "", 204
