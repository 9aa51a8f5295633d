"""Notices as the form of their writers and the API take and give them."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import forms, words
from app.core.http.dumping import InWords
from app.portal.rules.notices import Content, Kind, Utility
from app.tickets.order_forms import LocalMoment

TITLE, BODY, PLACES, ROLES = 80, 3000, 200, 50
_OFFERED = _l("Choose one of the offered values.")


class NoticeForm(forms.Schema):
    """What the page sends; times on the wall clock of the campus."""

    kind = fields.String(required=True, validate=validate.OneOf(list(Kind), error=_OFFERED))
    utility = fields.String(load_default=None, validate=validate.OneOf(list(Utility), error=_OFFERED))
    title_zh = forms.Text(max=TITLE, load_default="")
    title_en = forms.Text(max=TITLE, load_default="")
    body_zh = forms.Text(max=BODY, multiline=True, load_default="")
    body_en = forms.Text(max=BODY, multiline=True, load_default="")
    starts_at = LocalMoment(load_default=None)
    ends_at = LocalMoment(load_default=None)
    shown_from = LocalMoment(load_default=None)
    shown_until = LocalMoment(load_default=None)
    places = fields.List(forms.Id(), load_default=list, validate=validate.Length(max=PLACES))
    roles = fields.List(forms.Text(max=64), load_default=list, validate=validate.Length(max=ROLES))
    again = fields.Boolean(load_default=False)
    act = fields.String(load_default="keep", validate=validate.OneOf(("keep", "publish", "look"), error=_OFFERED))

    @staticmethod
    def content(data: dict[str, Any]) -> Content:
        """What the form says."""
        return Content(
            kind=Kind(data["kind"]),
            utility=Utility(data["utility"]) if data["utility"] else None,
            title=words.from_fields(data, "title"),
            body=words.from_fields(data, "body"),
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            shown_from=data["shown_from"],
            shown_until=data["shown_until"],
            places=tuple(data["places"]),
            roles=tuple(data["roles"]),
        )


class NoticeIn(forms.Schema):
    """`POST /notices`: a draft. In `PATCH` what is left out stays."""

    kind = fields.String(required=True, validate=validate.OneOf(list(Kind), error=_OFFERED))
    utility = fields.String(allow_none=True, validate=validate.OneOf(list(Utility), error=_OFFERED))
    title = forms.Texts(max=TITLE)
    body = forms.Texts(max=BODY, multiline=True)
    starts_at = forms.Moment(allow_none=True)
    ends_at = forms.Moment(allow_none=True)
    shown_from = forms.Moment(allow_none=True)
    shown_until = forms.Moment(allow_none=True)
    place_ids = fields.List(forms.Id(), validate=validate.Length(max=PLACES))
    roles = fields.List(forms.Text(max=64), validate=validate.Length(max=ROLES))


class NoticeChange(NoticeIn):
    """`PATCH /notices/{id}`. `tell_again`: of a published notice, who read it is told anew."""

    kind = fields.String(validate=validate.OneOf(list(Kind), error=_OFFERED))
    tell_again = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class NoticeQuery(forms.QuerySchema):
    """`GET /notices`: what concerns you now; `all=1`: of every place; `state=over`: what is over."""

    state = fields.String(load_default="current", validate=validate.OneOf(("current", "over"), error=_OFFERED))
    all = fields.Boolean(load_default=False)


class NoticeOut(forms.Schema):
    """A notice as a reader gets it, in his language."""

    id = forms.Id()
    kind = fields.String()
    utility = fields.String(allow_none=True)
    title = InWords()
    body = InWords()
    starts_at = forms.Moment(allow_none=True)
    ends_at = forms.Moment(allow_none=True)
    everywhere = fields.Boolean()
    places = fields.Raw(metadata={"type": "array", "items": {"type": "string"}})
    published_at = forms.Moment(allow_none=True)
    shown_until = forms.Moment(allow_none=True)
    status = fields.String()
    read = fields.Boolean()
    version = fields.Integer()


class NoticePage(forms.Schema):
    items = fields.List(fields.Nested(NoticeOut))
    next = fields.String(allow_none=True)


class NoticeWritten(forms.Schema):
    """A notice as its writers get it: both languages, and for whom."""

    id = forms.Id()
    kind = fields.String()
    utility = fields.String(allow_none=True)
    title = fields.Raw(metadata={"type": "object"})
    body = fields.Raw(metadata={"type": "object"}, allow_none=True)
    starts_at = forms.Moment(allow_none=True)
    ends_at = forms.Moment(allow_none=True)
    shown_from = forms.Moment(allow_none=True)
    shown_until = forms.Moment(allow_none=True)
    place_ids = fields.List(forms.Id())
    roles = fields.List(fields.String())
    status = fields.String()
    audience = fields.Integer(metadata={"description": "people with an account who will see it"})
    version = fields.Integer()
