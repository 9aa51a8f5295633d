"""Macros as the pages and the API take and give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from marshmallow import fields, validate

from app.core import forms, words
from app.tickets.order_forms import given_note, given_reason
from app.tickets.rules.macros import LONGEST_DAYS, TEXT_LIMIT, Content, MacroAct
from app.tickets.rules.reasons import REASON_LIMIT

_OFFERED = _l("Choose one of the offered values.")
_DAYS = validate.Range(1, LONGEST_DAYS, error=_l("Give a number of days between 1 and 90."))
_PLACE = validate.Range(0, 999, error=_l("Give a number between 0 and 999."))
_NUMBER = {"invalid": _l("Give a number.")}


class MacroForm(forms.Schema):
    """A macro as it is written; `reason` is a code, `words` one's own where the act takes them."""

    name_zh = forms.Text(max=60, load_default="")
    name_en = forms.Text(max=60, load_default="")
    act = forms.Text(load_default=None, validate=validate.OneOf([each.value for each in MacroAct], error=_OFFERED))
    reason = forms.Text(max=REASON_LIMIT, load_default="")
    words = forms.Text(max=REASON_LIMIT, load_default="")
    days = fields.Integer(load_default=None, validate=_DAYS, error_messages=_NUMBER)
    note = forms.Text(max=TEXT_LIMIT, multiline=True, load_default="")
    message_zh = forms.Text(max=TEXT_LIMIT, multiline=True, load_default="")
    message_en = forms.Text(max=TEXT_LIMIT, multiline=True, load_default="")
    position = fields.Integer(load_default=0, validate=_PLACE, error_messages=_NUMBER)

    @staticmethod
    def name(data: Mapping[str, Any]) -> dict[str, str]:
        """The name by language."""
        return words.from_fields(data)

    @staticmethod
    def content(data: Mapping[str, Any]) -> Content:
        """What it does."""
        return Content(
            act=MacroAct(data["act"]) if data["act"] else None,
            reason=given_reason(dict(data)),
            days=data["days"],
            note=given_note(dict(data)),
            message=words.from_fields(data, "message") or None,
        )


class MacroIn(forms.Schema):
    """`POST /macros`, `PUT /macros/{id}`: an act with its reason, a note for staff, a message to the reporter."""

    name = forms.Texts(max=60, required=True, validate=forms.NAMED)
    act = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf([each.value for each in MacroAct], error=_OFFERED)
    )
    reason = forms.Text(max=REASON_LIMIT, load_default=None, allow_none=True)
    days = fields.Integer(load_default=None, allow_none=True, strict=True, validate=_DAYS)
    note = forms.Text(max=TEXT_LIMIT, multiline=True, load_default=None, allow_none=True)
    message = forms.Texts(max=TEXT_LIMIT, multiline=True, load_default=None, allow_none=True)
    position = fields.Integer(load_default=0, strict=True, validate=_PLACE)

    @staticmethod
    def content(sent: Mapping[str, Any]) -> Content:
        """What it does."""
        return Content(
            act=MacroAct(sent["act"]) if sent["act"] else None,
            reason=sent["reason"] or None,
            days=sent["days"],
            note=sent["note"] or None,
            message=sent["message"] or None,
        )


class MacroOut(forms.Schema):
    """A macro."""

    id = forms.Id()
    name = fields.Dict(keys=fields.String(), values=fields.String())
    act = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    days = fields.Integer(allow_none=True)
    note = fields.String(allow_none=True)
    message = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    position = fields.Integer()
    version = fields.Integer()


class MacroList(forms.Schema):
    items = fields.List(fields.Nested(MacroOut))
    next = fields.String(allow_none=True)
