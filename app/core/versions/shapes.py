"""Shapes of things with versions at the edge; an area adds what its content is."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.core import forms
from app.core.errors import NotFound
from app.core.versions.series import Desk
from app.core.versions.tables import Head, Version

NOTE_MAX = 300


class VersionFields(forms.Schema):
    """What every body that puts content in force says besides."""

    note = forms.Text(max=NOTE_MAX, load_default=None)


class HeadOut(forms.Schema):
    """A thing with its version in force; `content` is what `PUT` takes."""

    id = forms.Id()
    code = fields.String()
    name = fields.Dict(keys=fields.String(), values=fields.String())
    version_id = forms.Id()
    version = fields.Integer(attribute="number")
    published_at = forms.Moment()
    note = fields.String(allow_none=True)
    content = fields.Dict()


class VersionOut(forms.Schema):
    """One version."""

    id = forms.Id()
    version = fields.Integer(attribute="number")
    published_at = forms.Moment()
    published_by = forms.Id(allow_none=True)
    note = fields.String(allow_none=True)
    content = fields.Dict()


class DraftOut(forms.Schema):
    """What is being made and not in force.

    `based_on` is the number of the version it began from, `outrun` whether another was published since: it cannot be
    published any more.
    """

    version = fields.Integer()
    based_on = fields.Integer()
    outrun = fields.Boolean()
    edited_at = forms.Moment()
    edited_by = forms.Id(allow_none=True)
    content = fields.Dict()


def shown(found: Head, version: Version, **own: Any) -> dict[str, Any]:
    """A thing with a version of it, as `HeadOut` dumps it; `own`: what the thing has besides."""
    return {
        "id": found.id,
        "code": found.code,
        "name": found.name,
        "version_id": version.id,
        "number": version.number,
        "published_at": version.published_at,
        "note": version.note,
        "content": version.content,
        **own,
    }


def drafted(desk: Desk[Any, Any, Any]) -> dict[str, Any]:
    """The draft of what an editor works on, as `DraftOut` dumps it. Raises NotFound where there is none."""
    if desk.draft is None:
        raise NotFound
    names = ("version", "edited_at", "edited_by", "content")
    return {"based_on": desk.based_on, "outrun": desk.outrun} | {name: getattr(desk.draft, name) for name in names}


def numbered(version: Version) -> dict[str, Any]:
    """A version, as `VersionOut` dumps it."""
    names = ("id", "number", "published_at", "published_by", "note", "content")
    return {name: getattr(version, name) for name in names}
