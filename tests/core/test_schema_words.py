"""A refusal of a schema is read in the reader's language, whatever the library says in English."""

from __future__ import annotations

import enum
import re

import pytest
from flask import Flask
from flask_babel import force_locale
from marshmallow import RAISE, Schema, ValidationError, fields, validate

from app.core.forms import flatten

LATIN = re.compile(r"[A-Za-z]{3,}")
NAMES = {"null", "true", "false", "JSON", "UTF", "RED"}  # as they are written in any language


class Colour(enum.Enum):
    RED = 1


class Inner(Schema):
    name = fields.String(required=True)


class Everything(Schema):
    """Every kind of field and rule the application's schemas use, without words of its own."""

    flag = fields.Boolean()
    day = fields.Date()
    at = fields.AwareDateTime(format="iso")
    since = fields.AwareDateTime(format="iso")
    pairs = fields.Dict()
    colour = fields.Enum(Colour)
    ratio = fields.Float()
    count = fields.Integer(strict=True)
    many = fields.List(fields.Integer())
    inner = fields.Nested(Inner)
    text = fields.String(validate=validate.Length(min=2, max=4))
    mail = fields.String(validate=validate.Email())
    longer = fields.String(validate=validate.Length(max=4))
    one = fields.String(validate=validate.OneOf(["1", "2"]))
    digits = fields.String(validate=validate.Regexp(r"\d+"))
    between = fields.Integer(validate=validate.Range(1, 9))
    least = fields.Integer(validate=validate.Range(min=1))
    most = fields.Integer(validate=validate.Range(max=9))
    needed = fields.Integer(required=True)


WRONG = {
    "flag": "maybe", "day": "yesterday", "at": "tomorrow", "since": "2026-11-18T08:00",
    "pairs": 1, "colour": "blue", "ratio": "x", "count": "1.5", "many": 3,
    "inner": [], "text": "12345", "mail": "nobody", "longer": "12345", "one": "3", "digits": "x", "between": 10,
    "least": 0, "most": 10, "stranger": 1,
}  # fmt: skip


@pytest.mark.parametrize("entries", [WRONG, {**WRONG, "inner": {}, "count": None, "ratio": "nan", "text": b"\xff"}, []])
def test_no_english_reaches_a_chinese_reader(app: Flask, entries: object) -> None:
    with pytest.raises(ValidationError) as refused:
        Everything(unknown=RAISE).load(entries)
    with app.test_request_context(), force_locale("zh_Hans_CN"):
        sentences = {name: str(said[0]) for name, said in flatten(refused.value.messages).items()}
    assert not {name: said for name, said in sentences.items() if set(LATIN.findall(said)) - NAMES}
    assert sentences


def test_words_of_a_schema_stay(app: Flask) -> None:
    with app.test_request_context():
        assert flatten({"a": ["Say which."]}) == {"a": ["Say which."]}
