"""Pages that edit a row, used as a browser does: what is sent back names what the page showed."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class _Forms(HTMLParser):
    """The forms of a page that are posted: where to, and what a browser sends of each untouched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, list[str]]]] = []
        self._fields: dict[str, list[str]] | None = None
        self._select: list[Any] | None = None
        self._area: tuple[str, list[str]] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and (given.get("method") or "").lower() == "post":
            self._fields = {}
            self.found.append((given.get("action") or "", self._fields))
        if self._fields is None:
            return
        if tag == "option" and self._select is not None and ("selected" in given or self._select[1] is None):
            self._select[1] = given.get("value") or ""
        name = given.get("name")
        if not name or "disabled" in given:
            return
        if tag == "select":
            self._select = [name, None]
        elif tag == "textarea":
            self._area = (name, [])
        elif tag == "input":
            kind = given.get("type") or "text"
            if kind in ("submit", "button", "file") or (kind in ("checkbox", "radio") and "checked" not in given):
                return
            self._fields.setdefault(name, []).append(given.get("value") or "")

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "select" and self._select is not None and self._fields is not None:
            self._fields.setdefault(self._select[0], []).append(self._select[1] or "")
            self._select = None
        elif tag == "textarea" and self._area is not None and self._fields is not None:
            self._fields.setdefault(self._area[0], []).append("".join(self._area[1]).removeprefix("\n"))
            self._area = None


def fields_of(page: str, address: str) -> dict[str, list[str]]:
    """What a browser sends of the form of a page that goes to `address`, as it was opened."""
    found = [fields for action, fields in _Forms(page).found if action.partition("?")[0] in ("", address)]
    assert found, f"no form of the page goes to {address}"
    return found[0]


def press(client: FlaskClient, page: str, address: str, data: Mapping[str, Any] | None = None) -> TestResponse:
    """Send the form or button of a page that goes to `address`, with `data` typed into it."""
    return client.post(
        address, data={**fields_of(client.get(page, follow_redirects=True).text, address), **(data or {})}
    )


def save(client: FlaskClient, address: str, data: Mapping[str, Any]) -> TestResponse:
    """Send `data` to an address that shows its own form, with the version it shows."""
    return client.post(address, data={**data, "version": fields_of(client.get(address).text, address)["version"]})
