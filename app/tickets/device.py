"""The time of the device that shows a page, and when the server was last heard (tickets-rules 11).

A page carries the server's time, signed. Whoever sends it back was in contact then, so what his device says of an
earlier moment does not count: a clock set back gains nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from flask import current_app
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, URLSafeSerializer
from marshmallow import fields

from app.core import forms
from app.core.db import current_institution

LIMIT: Final = 300
_WRONG = {"invalid": _l("This device sent a time that cannot be read. Load the page again.")}


class DeviceFields(forms.Schema):
    """What `js/device.js` adds to a form; all of it may be missing."""

    device_at = forms.Moment(load_default=None, error_messages=_WRONG)
    device_offset_s = fields.Float(load_default=None, allow_nan=False, error_messages=_WRONG)
    contact = forms.Text(max=LIMIT, load_default="")


def _signer() -> URLSafeSerializer:
    config = current_app.config
    return URLSafeSerializer([*config["SECRET_KEY_FALLBACKS"], config["SECRET_KEY"]], salt="tickets.contact")


def contact(now: datetime) -> str:
    """The signed instant of a page, for its `<meta name="contact">`."""
    return str(_signer().dumps([current_institution(), now.timestamp()]))


def heard(given: str, now: datetime) -> datetime | None:
    """The instant of a page that was ours; None for anything else."""
    try:
        institution_id, at = _signer().loads(given)
        said = datetime.fromtimestamp(at, UTC)
    except (BadSignature, ValueError, TypeError, OverflowError, OSError):
        return None
    return said if institution_id == current_institution() and said <= now else None


def times(data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What a form says of its device, as the services of orders take it."""
    return {
        "device_at": data["device_at"],
        "device_offset_s": data["device_offset_s"],
        "contact": heard(data["contact"], now),
    }
