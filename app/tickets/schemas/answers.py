"""Answers to a category's questions as they are sent: by code; what each may be is judged by the questions."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields

from app.core import forms
from app.tickets.rules.questions import OPTIONS_AT_MOST, QUESTIONS_AT_MOST, TEXT_LIMIT

CODE_LIMIT = 64


class Answers(fields.Field[dict[str, Any]]):
    """`{code: text / number / true / false / [codes]}`; text is cleaned as everywhere."""

    default_error_messages = {"invalid": _l("Give the answers by the codes of the questions.")}  # noqa: RUF012 - marshmallow's way

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "object", "additionalProperties": True}, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or len(value) > 4 * QUESTIONS_AT_MOST:
            raise self.make_error("invalid")
        faults: dict[str, list[str]] = {}
        found: dict[str, Any] = {}
        for code, said in value.items():
            try:
                found[_code(code)] = plain(said)
            except ValidationError as error:
                faults[str(code)[:CODE_LIMIT]] = [str(each) for each in error.messages]
        if faults:
            raise ValidationError(faults)
        return found


def _code(code: Any) -> str:
    if not isinstance(code, str) or len(code) > CODE_LIMIT:
        raise ValidationError(_("This is not asked here."))
    return forms.clean(code)


def plain(said: Any) -> Any:
    """One answer as plain data, its text cleaned. Raises ValidationError for anything that cannot be one."""
    if said is None or isinstance(said, bool | int | float):
        return said
    if isinstance(said, str):
        return _text(said)
    if isinstance(said, list) and len(said) <= 4 * OPTIONS_AT_MOST and all(isinstance(each, str) for each in said):
        return [_text(each) for each in said]
    raise ValidationError(_("This is not an answer to this question."))


def _text(said: str) -> str:
    if len(said) > 4 * TEXT_LIMIT:
        raise ValidationError(_("This is too long: at most %(max)s characters.", max=TEXT_LIMIT))
    return forms.clean(said, multiline=True)
