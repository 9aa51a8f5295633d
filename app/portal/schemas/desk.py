"""Knowledge answers and duty contacts as their forms and the API take and give them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import forms
from app.core.http.dumping import InWords, Named
from app.core.words import from_fields
from app.portal.services.answers import Written
from app.portal.services.contacts import Entry
from app.tickets.schemas.catalogue.questions import PHONE

TITLE, BODY, KEYWORDS, NAME, SHORT = 80, 4000, 300, 60, 200


def _position() -> fields.Integer:
    return fields.Integer(
        load_default=0,
        validate=validate.Range(-1000, 100_000, error=_l("Choose one of the offered values.")),
        error_messages={"invalid": _l("Give a number.")},
    )


class AnswerForm(forms.Schema):
    """What the page of its writer sends."""

    title_zh = forms.Text(max=TITLE, load_default="")
    title_en = forms.Text(max=TITLE, load_default="")
    body_zh = forms.Text(max=BODY, multiline=True, load_default="")
    body_en = forms.Text(max=BODY, multiline=True, load_default="")
    keywords = forms.Text(max=KEYWORDS, load_default="")
    categories = fields.List(forms.Text(max=64), load_default=list, validate=validate.Length(max=50))
    position = _position()
    published = fields.Boolean(load_default=False)

    @staticmethod
    def written(data: dict[str, Any]) -> Written:
        """What the form says."""
        return Written(
            title=from_fields(data, "title"),
            body=from_fields(data, "body"),
            keywords=data["keywords"],
            categories=tuple(data["categories"]),
            position=data["position"],
            published=data["published"],
        )


class ContactForm(forms.Schema):
    """What the page of contacts sends."""

    name_zh = forms.Text(max=NAME, load_default="")
    name_en = forms.Text(max=NAME, load_default="")
    phone = forms.Text(max=30, required=True, validate=PHONE)
    purpose_zh = forms.Text(max=SHORT, load_default="")
    purpose_en = forms.Text(max=SHORT, load_default="")
    hours_zh = forms.Text(max=NAME, load_default="")
    hours_en = forms.Text(max=NAME, load_default="")
    campus_id = forms.Id(load_default=None)
    emergency = fields.Boolean(load_default=False)
    position = _position()

    @staticmethod
    def entry(data: dict[str, Any]) -> Entry:
        """What the form says."""
        return Entry(
            name=from_fields(data, "name"),
            phone=data["phone"],
            purpose=from_fields(data, "purpose"),
            hours=from_fields(data, "hours"),
            campus_id=data["campus_id"],
            emergency=data["emergency"],
            position=data["position"],
        )


class VoteIn(forms.Schema):
    """Whether an answer helped."""

    helpful = fields.Boolean(required=True, truthy={True}, falsy={False})


class VoteForm(forms.Schema):
    """The same as the two buttons of the page send it."""

    helpful = fields.Boolean(required=True)


class KnowledgeQuery(forms.QuerySchema):
    """`GET /answers`: words, a category's code."""

    q = forms.Text(max=100, load_default="")
    category = forms.Text(max=100, load_default=None)


class KnowledgeOut(forms.Schema):
    id = forms.Id()
    title = InWords()
    body = InWords()
    categories = fields.Raw(metadata={"type": "array", "items": {"type": "string"}})
    helped = fields.Integer()
    failed = fields.Integer()
    version = fields.Integer()


class KnowledgePage(forms.Schema):
    items = fields.List(fields.Nested(KnowledgeOut))
    next = fields.String(allow_none=True)


class KnowledgeIn(forms.Schema):
    """`POST /answers`. In `PATCH` what is left out stays."""

    title = forms.Texts(max=TITLE)
    body = forms.Texts(max=BODY, multiline=True)
    keywords = forms.Text(max=KEYWORDS)
    categories = fields.List(forms.Text(max=64), validate=validate.Length(max=50))
    position = fields.Integer(strict=True, validate=validate.Range(-1000, 100_000))
    published = fields.Boolean(truthy={True}, falsy={False})


class KnowledgeWritten(forms.Schema):
    """An answer as its writers get it, in both languages."""

    id = forms.Id()
    title = fields.Raw(metadata={"type": "object"})
    body = fields.Raw(metadata={"type": "object"})
    keywords = fields.String()
    categories = fields.List(fields.String())
    position = fields.Integer()
    published = fields.Boolean()
    version = fields.Integer()


class ContactQuery(forms.Schema):
    """`GET /contacts`: of one campus, with those for all."""

    campus = forms.Id(load_default=None)


class ContactOut(forms.Schema):
    id = forms.Id()
    name = InWords()
    purpose = InWords()
    hours = InWords(metadata={"description": "empty: day and night"})
    phone = fields.String()
    campus = Named("campus")
    emergency = fields.Boolean()
    version = fields.Integer()


class ContactPage(forms.Schema):
    items = fields.List(fields.Nested(ContactOut))
    next = fields.String(allow_none=True)


class ContactIn(forms.Schema):
    """`POST /contacts`. In `PATCH` what is left out stays."""

    name = forms.Texts(max=NAME)
    phone = forms.Text(max=30, validate=PHONE)
    purpose = forms.Texts(max=SHORT)
    hours = forms.Texts(max=NAME)
    campus_id = forms.Id(allow_none=True)
    emergency = fields.Boolean(truthy={True}, falsy={False})
    position = fields.Integer(strict=True, validate=validate.Range(-1000, 100_000))
