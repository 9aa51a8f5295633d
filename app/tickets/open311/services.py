"""The catalogue as Open311 services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response
from flask_babel import gettext as _

from app.core import clock, words
from app.core.errors import NotFound
from app.core.http import anyone, locale, policy
from app.sites import queries as places
from app.tickets.open311 import documents
from app.tickets.open311.entry import blueprint, speaks
from app.tickets.queries import catalogue
from app.tickets.rules.questions import NO, YES, Kind, Question, without_photos

_DATATYPES = {
    Kind.CHOICE: "singlevaluelist",
    Kind.SEVERAL: "multivaluelist",
    Kind.YES_NO: "singlevaluelist",
    Kind.NUMBER: "number",
    Kind.TEXT: "text",
}


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
    """What one service asks besides: the questions of its category, but for photos, which cannot be sent here"""
    found = next((branch for branch, _group in _branches() if branch.code == code), None)
    if found is None:
        raise NotFound
    language = locale()
    attributes = [_attribute(place, each, language) for place, each in enumerate(_asked(found), start=1)]
    return documents.answer(form, "service_definition", {"service_code": code, "attributes": attributes})


def _services() -> Iterator[dict[str, Any]]:
    language = locale()
    for branch, group in _branches():
        yield {
            "service_code": branch.code,
            "service_name": words.text(branch.name, language),
            "description": words.text(branch.hints, language) or "",
            "metadata": bool(_asked(branch)),
            "type": "realtime",
            "keywords": "",
            "group": words.text(group.name, language),
        }


def _branches() -> Iterator[tuple[catalogue.Branch, catalogue.Branch]]:
    """The categories a request can be filed in, each with the topmost above it."""
    for root in catalogue.tree(places.today(clock.now())):
        yield from ((branch, root) for branch in _below(root))


def _below(branch: catalogue.Branch) -> Iterator[catalogue.Branch]:
    if branch.can_be_filed:
        yield branch
    for child in branch.children:
        yield from _below(child)


def _asked(branch: catalogue.Branch) -> tuple[Question, ...]:
    return without_photos(branch.questions)


def _attribute(place: int, question: Question, language: str) -> dict[str, Any]:
    """One question as GeoReport v2 describes it ("Service Definition"); its answer comes as `attribute[code]`."""
    hint = words.text(question.hint, language)
    unit = words.text(question.unit, language)
    return {
        "variable": True,
        "code": question.code,
        "datatype": _DATATYPES[question.kind],
        "required": question.required,
        "datatype_description": hint or unit,
        "order": place,
        "description": words.text(question.label, language),
        "values": _values(question, language),
    }


def _values(question: Question, language: str) -> list[dict[str, str]]:
    if question.kind is Kind.YES_NO:
        return [{"key": YES, "name": _("Yes")}, {"key": NO, "name": _("No")}]
    return [{"key": option.code, "name": words.text(option.label, language)} for option in question.options]
