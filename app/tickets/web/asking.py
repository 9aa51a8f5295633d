"""The questions of the chosen category on the report form: their fields, and the answers a sent form carries."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from app.core import words
from app.core.errors import Rejected
from app.core.forms import Form
from app.core.i18n import locale
from app.tickets.answer_words import Problem
from app.tickets.rules.questions import Kind
from app.tickets.schemas.answers import plain

PREFIX = "answers."


def given(form: Form, problem: Problem, sent: MultiDict[str, str]) -> dict[str, Any]:
    """The answers in a sent form by code, kept for showing it again; what cannot be read is refused in the form."""
    found: dict[str, Any] = {}
    form.beside |= {problem.field(question.code) for question in problem.questions}
    for question in problem.questions:
        name = problem.field(question.code)
        said: Any = [each for each in sent.getlist(name) if each]
        if question.kind is Kind.PHOTO or not said:
            continue
        form.values[name] = said if question.kind is Kind.SEVERAL else said[0]
        try:
            found[question.code] = plain(form.values[name])
        except ValidationError as error:
            form.refuse({name: error.messages})
    return found


def refuse(form: Form, problem: Problem, refused: Rejected) -> None:
    """Put what the service refused into the form; what is wrong with an answer stands beside its field."""
    photos = {each.code for each in problem.questions if each.kind is Kind.PHOTO}
    named: dict[str, Any] = {}
    for given_name, said in refused.fields.items():
        name = "visit" if given_name == "visit_window" else given_name
        code = name.removeprefix(PREFIX) if name.startswith(PREFIX) else None
        field = name if code is None else "photos" if code in photos else problem.field(code)
        named.setdefault(field, []).extend(said)
    form.refuse(Rejected(refused.message, fields=named))


def labels(problem: Problem | None) -> dict[str, str]:
    """What the summary of errors calls the fields."""
    if problem is None:
        return {}
    named = {problem.field(each.code): words.text(each.label, locale()) for each in problem.questions}
    return {name: label.rstrip("?？") for name, label in named.items()} | {"photos": str(_("Photos"))}
