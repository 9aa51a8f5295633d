"""The catalogue as Open311 services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response

from app.core import clock, words
from app.core.errors import NotFound
from app.core.http import anyone, locale, policy
from app.sites import queries as places
from app.tickets.open311 import documents
from app.tickets.open311.entry import blueprint, speaks
from app.tickets.queries import catalogue


@blueprint.get("/services.<string:form>")
@policy(anyone)
@speaks
def services(*, form: str) -> Response:
    """What can be reported"""
    return documents.answer(form, "services", list(_services()))


@blueprint.get("/services/<string:code>.<string:form>")
@policy(anyone)
@speaks
def service(*, form: str, code: str) -> Response:
    """What one service asks besides; ours are asked on our own form, so none is demanded here"""
    if not any(each["service_code"] == code for each in _services()):
        raise NotFound
    return documents.answer(form, "service_definition", {"service_code": code, "attributes": []})


def _services() -> Iterator[dict[str, Any]]:
    language = locale()
    for root in catalogue.tree(places.today(clock.now())):
        yield from _below(root, words.text(root.name, language), language)


def _below(branch: catalogue.Branch, group: str, language: str) -> Iterator[dict[str, Any]]:
    if branch.can_be_filed:
        yield {
            "service_code": branch.code,
            "service_name": words.text(branch.name, language),
            "description": words.text(branch.hints, language) or "",
            "metadata": False,
            "type": "realtime",
            "keywords": "",
            "group": group,
        }
    for child in branch.children:
        yield from _below(child, group, language)
