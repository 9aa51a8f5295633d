"""Answers of GeoReport v2: one content, as JSON or as XML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

import orjson
from flask import Response

FORMS = {"json": "application/json", "xml": "text/xml"}
Entry = Mapping[str, Any]

_ITEMS = {"services": "service", "service_requests": "request", "errors": "error", "attributes": "attribute"}
_LISTS = {"values": "value"}


def answer(form: str, root: str, content: Sequence[Entry] | Entry, status: int = 200) -> Response:
    """A document: in XML below an element called `root`; a list's elements are named as the standard does."""
    body = orjson.dumps(content) if form == "json" else _xml(root, content)
    return Response(body, status=status, mimetype=FORMS[form], headers={"Access-Control-Allow-Origin": "*"})


def errors(form: str, status: int, said: Sequence[str]) -> Response:
    """A refusal: a list of codes with sentences."""
    return answer(form, "errors", [{"code": status, "description": each} for each in said], status)


def _xml(root: str, content: Sequence[Entry] | Entry) -> bytes:
    element = ElementTree.Element(root)
    _fill(element, root, content)
    written: bytes = ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)
    return written


def _fill(element: ElementTree.Element, name: str, content: Any) -> None:
    if isinstance(content, Mapping):
        for key, value in content.items():
            _fill(ElementTree.SubElement(element, key), key, value)
    elif isinstance(content, list | tuple):
        for each in content:
            _fill(ElementTree.SubElement(element, _ITEMS.get(name) or _LISTS.get(name, "item")), name, each)
    elif content is not None:
        element.text = ("true" if content else "false") if isinstance(content, bool) else _storable(str(content))


def _storable(text: str) -> str:
    """Without the characters XML 1.0 cannot hold."""
    return "".join(char for char in text if char in "\t\n\r" or (char >= " " and char not in "\ufffe\uffff"))
