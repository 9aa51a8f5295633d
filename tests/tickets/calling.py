"""A person's program that calls the API."""

from __future__ import annotations

import itertools
from typing import Any

from flask.testing import FlaskClient

from app.accounts.models import Person
from tests.factories import accounts
from tests.factories import tickets as factory

_keys = itertools.count(1)


class Caller:
    """A person's program: bearer token, JSON."""

    def __init__(self, client: FlaskClient, person: Person) -> None:
        self.client, self.person = client, person
        self.headers = {**accounts.token(person), "Accept-Language": "en"}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers, query_string=query)

    def post(self, path: str, body: Any = None, *, seen: int | str | None = None, key: str | None = None) -> Any:
        headers = dict(self.headers)
        if seen is not None:
            headers["If-Match"] = seen if isinstance(seen, str) else f'"v{seen}"'
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.post(f"/api/v1{path}", headers=headers, json={} if body is None else body)

    def file(self, ground: factory.Ground, **more: Any) -> Any:
        body = {"place_id": str(ground.room.id), "category": "tap", "description": "水龙头漏水", **more}
        return self.post("/tickets", body, key=f"key-{next(_keys)}")
