"""Calls of the API by somebody with a token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask.testing import FlaskClient

from app.accounts.models import Person
from tests.factories import accounts


class Caller:
    """A person's token; answers are those of the test client."""

    def __init__(self, client: FlaskClient, person: Person, *, scopes: Sequence[str] | None = None) -> None:
        self.client, self.person = client, person
        self.headers = {**accounts.token(person, scopes=scopes), "Accept-Language": "en"}

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def post(self, path: str, sent: Any = None, seen: str | None = None, *, key: str | None = None) -> Any:
        more = {} if key is None else {"Idempotency-Key": key}
        return self._call("POST", path, {} if sent is None else sent, seen, **more)

    def patch(self, path: str, sent: Any, seen: str | None = None) -> Any:
        return self._call("PATCH", path, sent, seen)

    def put(self, path: str, sent: Any, seen: str | None = None) -> Any:
        return self._call("PUT", path, sent, seen)

    def delete(self, path: str, seen: str | None = None) -> Any:
        return self._call("DELETE", path, None, seen)

    def _call(self, method: str, path: str, sent: Any = None, seen: str | None = None, **more: str) -> Any:
        headers = {**self.headers, **more, **({} if seen is None else {"If-Match": seen})}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, json=sent)
