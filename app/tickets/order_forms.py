"""What the forms of an order carry, for the crew and for dispatchers alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from app.core import forms, i18n
from app.core.errors import DomainError, Rejected, Stale
from app.tickets.device import DeviceFields
from app.tickets.rules import needs
from app.tickets.rules.limits import NOTE_LIMIT
from app.tickets.rules.reasons import OTHER, REASON_LIMIT
from app.tickets.services.evidence import Handed
from app.tickets.visit_choice import VisitChoice

PHOTOS_AT_ONCE = 6
MEGABYTES = 6 * 25 + 1
TOKEN_LIMIT, POINT_LIMIT, CODE_LIMIT, NAME_LIMIT = 300, 40, 50, 100


class LocalMoment(fields.Field[datetime]):
    """A day and time as `<input type="datetime-local">` sends it, on the wall clock of the campus; loads to UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        try:
            wall = datetime.fromisoformat(str(value)) if len(str(value)) <= 40 else None
        except ValueError:
            wall = None
        if wall is None or wall.tzinfo is not None:
            raise ValidationError(_("Give a day and a time."))
        forms.check_year(wall.year)
        return wall.replace(tzinfo=i18n.zone()).astimezone(UTC)


def wall(moment: datetime | None) -> str:
    """An instant as such an input shows it."""
    return "" if moment is None else f"{moment.astimezone(i18n.zone()):%Y-%m-%dT%H:%M}"


class PartsField(fields.Field[tuple[needs.Part, ...]]):
    """Parts as somebody writes them, one a line with their number; loads to `needs.Part`s."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> tuple[needs.Part, ...]:
        text = forms.clean(str(value), multiline=True)
        if not needs.fits(text):
            raise ValidationError(
                _("Name at most %(lines)s parts, each on a line of its own.", lines=needs.PARTS_AT_MOST)
            )
        return needs.read_parts(text)


def _photos() -> fields.List[Any]:
    return fields.List(
        forms.Upload(),
        load_default=list,
        validate=validate.Length(max=PHOTOS_AT_ONCE, error=_l("Send at most six photos at a time.")),
    )


class OrderActForm(DeviceFields):
    """One act on an order: the version that was on the page, and whatever the act or the category demands.

    `before` and `drawn` are files like `photos`: photos taken before the work, a signature drawn by hand. `sheet`
    names the form of the page where two of them do the same act.
    """

    version = forms.Id(required=True, error_messages={"required": _l("Load the page again and repeat the step.")})
    reason = forms.Text(max=REASON_LIMIT, load_default="")
    words = forms.Text(max=REASON_LIMIT, load_default="")
    note = forms.Text(max=NOTE_LIMIT, multiline=True, load_default="")
    until = LocalMoment(load_default=None)
    at = LocalMoment(load_default=None)
    photos = _photos()
    before = _photos()
    drawn = _photos()
    place_token = forms.Text(max=TOKEN_LIMIT, load_default="")
    checklist = fields.List(forms.Text(max=POINT_LIMIT), load_default=list, validate=validate.Length(max=50))
    code = forms.Text(max=CODE_LIMIT, load_default="")
    signature = forms.Text(max=NAME_LIMIT, load_default="")
    parts = PartsField(load_default=())
    sheet = forms.Text(max=20, load_default="")
    card = fields.Boolean(load_default=False)
    windows = fields.List(VisitChoice(), load_default=list, validate=validate.Length(max=10))


class PhotosForm(forms.Schema):
    """Photos of an order, taken before or after the work."""

    moment = forms.Text(
        required=True,
        validate=validate.OneOf(("before", "after", "signature"), error=_l("Say whether it is before or after.")),
    )
    photos = fields.List(
        forms.Upload(),
        required=True,
        validate=validate.Length(min=1, max=PHOTOS_AT_ONCE, error=_l("Send one to six photos at a time.")),
        error_messages={"required": _l("Take or choose a photo.")},
    )


def given_reason(data: dict[str, Any]) -> str | None:
    """The reason of a form: somebody's own words where he chose "another reason" and wrote some."""
    if data["words"] and data["reason"] in ("", OTHER):
        return str(data["words"])
    return data["reason"] or None


def explained(data: dict[str, Any]) -> str | None:
    """The same on a page, where "another reason" alone is asked what it is. Raises Rejected (`words`)."""
    reason = given_reason(data)
    if reason == OTHER and not given_note(data):
        raise Rejected(fields={"words": _l("Say in your own words what the other reason is.")})
    return reason


def given_note(data: dict[str, Any]) -> str | None:
    """The note of a form, with the words written beside a reason chosen from the list: nothing typed is dropped."""
    beside = data["words"] if data["reason"] not in ("", OTHER) else ""
    return "\n".join(filter(None, (data["note"], beside))) or None


def handed(data: dict[str, Any]) -> Handed:
    """What a form hands in of what the category demands."""
    return Handed(
        place_token=data["place_token"] or None,
        ticked=tuple(data["checklist"]),
        code=data["code"] or None,
        signed_by=data["signature"] or None,
        card_left=data["card"],
        windows=tuple(data["windows"]),
        parts=data["parts"],
    )


def overtaken(lost: DomainError | None, row: Any, form: forms.Form) -> bool:
    """Whether an act was refused because somebody else was faster, and not for what the order is anyhow.

    `row` is the order as it is now; the form has the version that was on the page.
    """
    if lost is None:
        return False
    return isinstance(lost, Stale) or str(form.values.get("version", row.version)) != str(row.version)


def named(sent: MultiDict[str, Any], act: str) -> MultiDict[str, Any]:
    """The fields of one form of a page that holds several: `hold_note` and `hold-12_note` are the note of `hold`."""
    ours = re.compile(rf"^{re.escape(act)}(-[a-z0-9]+)?_")
    return MultiDict([(ours.sub("", name), value) for name, values in sent.lists() for value in values])


class Part:
    """A form shown under names of its own (`<prefix>_<field>`), so that ids stay unique on a page with several."""

    def __init__(self, form: forms.Form, prefix: str) -> None:
        self.values = {f"{prefix}_{name}": value for name, value in form.values.items()}
        self.errors = {f"{prefix}_{name}": said for name, said in form.errors.items()}
        self.problem = form.problem
