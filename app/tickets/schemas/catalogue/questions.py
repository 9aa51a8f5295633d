"""Questions of a category as their editors take and give them: in both languages."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, post_load, validate

from app.core import forms
from app.tickets.rules import questions as rules
from app.tickets.rules.questions import Kind, Option, Question
from app.tickets.schemas.choices import one_of

LABEL_LIMIT, HINT_LIMIT, OPTION_LIMIT, UNIT_LIMIT = 120, 300, 60, 20
CODE_LIMIT, PHONE_LIMIT = 40, 30
PHONE = validate.Regexp(r"^\+?[0-9][0-9 ()\-]{1,24}$", error=_l("Use digits, spaces, + and - only."))
_OPTION_CODE = validate.Regexp(r"^[0-9A-Za-z]{1,10}$", error=_l("Use letters and digits only."))


class Bound(fields.Float):
    """A number; nothing that only looks like one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(_l("Give a number."))
        number: float = super()._deserialize(value, attr, data, **options)
        return number


class OptionIn(forms.Schema):
    """An answer to choose from; without a code it gets a new one. `stops`: who gives it is to call instead."""

    code = forms.Text(max=10, load_default=None, allow_none=True, validate=_OPTION_CODE)
    label = forms.Texts(max=OPTION_LIMIT, required=True)
    stops = fields.Boolean(load_default=False, truthy={True}, falsy={False})

    @post_load
    def option(self, data: dict[str, Any], **_options: Any) -> Option:
        return Option(data["code"] or "", data["label"], data["stops"])


class QuestionIn(forms.Schema):
    """One question. What its kind does not have is left out.

    A question keeps its code and kind; without a code it is new. `options` are of `choice` and `several`; `unit`, `low`
    and `high` of `number`; `stops_on` of `yes_no`. Where an answer can stop the form, `stop` says what to do instead
    and `phone` whom to call (without it: the category's number).
    """

    code = forms.Text(max=CODE_LIMIT, load_default=None, allow_none=True)
    kind = fields.String(required=True, validate=one_of(Kind))
    label = forms.Texts(max=LABEL_LIMIT, required=True)
    hint = forms.Texts(max=HINT_LIMIT, load_default=None, allow_none=True)
    required = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    options = fields.List(
        fields.Nested(OptionIn), load_default=list, validate=validate.Length(max=rules.OPTIONS_AT_MOST)
    )
    stops_on = fields.String(load_default=None, allow_none=True, validate=one_of((rules.YES, rules.NO)))
    stop = forms.Texts(max=HINT_LIMIT, load_default=None, allow_none=True)
    phone = forms.Text(max=PHONE_LIMIT, load_default=None, allow_none=True, validate=PHONE)
    unit = forms.Texts(max=UNIT_LIMIT, load_default=None, allow_none=True)
    low = Bound(load_default=None, allow_none=True, allow_nan=False)
    high = Bound(load_default=None, allow_none=True, allow_nan=False)

    @post_load
    def question(self, data: dict[str, Any], **_options: Any) -> Question:
        """The question; the words of what is empty are none."""
        said = {name: data[name] or None for name in ("hint", "stop", "unit", "phone")}
        given = {**data, **said, "code": data["code"] or "", "kind": Kind(data["kind"])}
        return Question(**{**given, "options": tuple(data["options"])}).as_its_kind()


class QuestionsIn(forms.Schema):
    """`PUT /catalogue/categories/{id}/questions`: all questions, in their order."""

    questions = fields.List(
        fields.Nested(QuestionIn), required=True, validate=validate.Length(max=rules.QUESTIONS_AT_MOST)
    )


def _words(**options: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String(), **options)


class OptionFull(forms.Schema):
    """An answer to choose from."""

    code = fields.String()
    label = _words()
    stops = fields.Boolean()


class QuestionFull(forms.Schema):
    """A question in both languages."""

    code = fields.String()
    kind = fields.String(validate=one_of(Kind))
    label = _words()
    hint = _words(allow_none=True)
    required = fields.Boolean()
    options = fields.List(fields.Nested(OptionFull))
    stops_on = fields.String(allow_none=True)
    stop = _words(allow_none=True)
    phone = fields.String(allow_none=True)
    unit = _words(allow_none=True)
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)


class QuestionsOut(forms.Schema):
    """The questions as an editor sees them; `drafted`: reporters are not asked these before they are published."""

    version = fields.Integer()
    drafted = fields.Boolean()
    questions = fields.List(fields.Nested(QuestionFull))
