"""Certificates as the API takes and gives them."""

from __future__ import annotations

from marshmallow import fields

from app.core import forms
from app.core.http.dumping import InWords
from app.tickets.schemas.planning.hours import LastDay

NUMBER_LIMIT = 60


class CertificateIn(forms.Schema):
    """`POST /certificates`: a kind of certificate."""

    code = forms.Text(max=forms.CODE_MAX, required=True, validate=forms.CODE)
    name = forms.Texts(required=True, validate=forms.NAMED)


class CertificateOut(forms.Schema):
    """A kind of certificate work can demand."""

    id = forms.Id()
    code = fields.String()
    name = fields.Dict(keys=fields.String(), values=fields.String())


class CertificateList(forms.Schema):
    items = fields.List(fields.Nested(CertificateOut))
    next = fields.String(allow_none=True)


class HeldCertificateIn(forms.Schema):
    """A certificate (its id) somebody holds, what stands on it, and its last day; without one it does not expire."""

    certificate = forms.Id(required=True)
    number = forms.Text(max=NUMBER_LIMIT, load_default=None, allow_none=True)
    until = forms.Day(load_default=None, allow_none=True)


class HeldCertificateOut(forms.Schema):
    """A certificate somebody holds, through its last day `until`; `id` is that of the holding, by which it is ended."""

    id = forms.Id()
    code = fields.String()
    name = InWords(metadata={"type": "string"})
    number = fields.String(allow_none=True)
    until = LastDay(attribute="valid_to")


class HeldCertificateList(forms.Schema):
    items = fields.List(fields.Nested(HeldCertificateOut))
    next = fields.String(allow_none=True)
