"""Feedback as forms and the API take and give it."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate, validates_schema

from app.core import forms
from app.core.http.dumping import Named
from app.portal.rules.feedback import Kind, Status
from app.tickets.rules import priority
from app.tickets.rules.limits import DESCRIPTION_LIMIT, PLACE_LIMIT
from app.tickets.schemas.choices import Choices

TEXT, ABOUT, PEOPLE = 3000, 200, 20
_OFFERED = _l("Choose one of the offered values.")
_CHOOSE = _l("Choose what it is.")


def _switch() -> fields.Boolean:
    """A JSON boolean and nothing that looks like one."""
    return fields.Boolean(load_default=False, truthy={True}, falsy={False})


def _asked(sentence: Any) -> dict[str, Any]:
    """One sentence whatever is wrong with a choice that has to be made."""
    return {"required": sentence, "null": sentence, "invalid": sentence}


def _kind(**options: Any) -> fields.String:
    known = validate.OneOf(list(Kind), error=_OFFERED)
    return fields.String(validate=known, error_messages=_asked(_CHOOSE), **options)


class SayForm(forms.Schema):
    """What the page sends. `signed`: the page was opened by somebody signed in."""

    kind = _kind(required=True)
    text = forms.Text(max=TEXT, multiline=True, required=True)
    place_id = forms.Id(load_default=None)
    ticket_id = forms.Id(load_default=None)
    about = fields.List(forms.Id(), load_default=list, validate=validate.Length(max=PEOPLE))
    about_text = forms.Text(max=ABOUT, load_default=None)
    anonymous = fields.Boolean(load_default=False)
    signed = fields.Boolean(load_default=False)


class WordsForm(forms.Schema):
    """A further message. `act`: `answer` or `note` of the staff; of the author it is a reply whatever it says."""

    text = forms.Text(max=TEXT, multiline=True, required=True)
    act = fields.String(load_default="answer", validate=validate.OneOf(("answer", "note"), error=_OFFERED))


class AssignForm(forms.Schema):
    """Who is to answer it; nobody where it is left open."""

    handler = forms.Id(load_default=None)


class AboutForm(forms.Schema):
    """Whom it is about: those who stay ticked, and one more by name."""

    about = fields.List(forms.Id(), load_default=list, validate=validate.Length(max=PEOPLE))
    who = forms.Text(max=100, load_default="")


class ReceiptForm(forms.Schema):
    """Number and secret of a receipt, as somebody copies them."""

    number = forms.Text(max=30, load_default="")
    secret = forms.Text(max=60, required=True)


class NoticeOfForm(forms.Schema):
    """The title of the notice it becomes, and a word to its author."""

    title_zh = forms.Text(max=80, load_default="")
    title_en = forms.Text(max=80, load_default="")
    text = forms.Text(max=TEXT, multiline=True, load_default="")


class RepairOfForm(forms.Schema):
    """The request it becomes, and a word to its author."""

    category = forms.Id(required=True, error_messages=_asked(_l("Choose what the problem is.")))
    place_id = forms.Id(load_default=None)
    place_text = forms.Text(max=PLACE_LIMIT, load_default="")
    description = forms.Text(max=DESCRIPTION_LIMIT, multiline=True, load_default="")
    text = forms.Text(max=TEXT, multiline=True, load_default="")


class FeedbackIn(forms.Schema):
    """`POST /feedback`. `anonymous`: your name is kept nowhere; the answer has the secret that leads to it."""

    kind = _kind(required=True)
    text = forms.Text(max=TEXT, multiline=True, required=True)
    place_id = forms.Id(load_default=None, allow_none=True)
    ticket_id = forms.Id(load_default=None, allow_none=True)
    about = fields.List(forms.Id(), load_default=list, validate=validate.Length(max=PEOPLE))
    about_text = forms.Text(max=ABOUT, load_default=None, allow_none=True)
    anonymous = _switch()


class FeedbackFiledOut(forms.Schema):
    """What was taken down; of an anonymous one the id leads nowhere, its receipt does."""

    id = forms.Id()
    number = fields.String()
    status = fields.String()
    answer_due = forms.Moment(allow_none=True)
    version = fields.Integer()
    receipt = fields.String(allow_none=True, metadata={"description": "secret of /feedback/r/<secret>"})


class FeedbackQuery(forms.QuerySchema):
    """`GET /feedback`."""

    status = Choices(Status)
    kind = Choices(Kind)
    mine = fields.Boolean(load_default=False)
    late = fields.Boolean(load_default=False)
    handler = fields.String(load_default=None, validate=validate.OneOf(("me", "nobody"), error=_OFFERED))
    q = forms.Text(max=100, load_default="")


class DeskQuery(forms.QuerySchema):
    """The filters of the list of those who answer."""

    view = fields.String(
        load_default="open",
        validate=validate.OneOf(("open", "late", "mine", "free", "answered", "closed"), error=_OFFERED),
    )
    kind = fields.String(load_default=None, validate=validate.OneOf(list(Kind), error=_OFFERED))
    q = forms.Text(max=100, load_default="")


class FeedbackOut(forms.Schema):
    """One matter. `author` is null where no name was given; `handler` for staff alone."""

    id = forms.Id()
    number = fields.String()
    kind = fields.String()
    status = fields.String()
    excerpt = fields.String()
    author = Named("author")
    handler = Named("handler")
    place_id = forms.Id(allow_none=True)
    place = fields.String(allow_none=True)
    ticket_id = forms.Id(allow_none=True)
    filed_at = forms.Moment()
    respond_due = forms.Moment(allow_none=True)
    responded_at = forms.Moment(allow_none=True)
    answer_due = forms.Moment(allow_none=True)
    answered_at = forms.Moment(allow_none=True)
    closed_at = forms.Moment(allow_none=True)
    closed_as = fields.String(allow_none=True)
    version = fields.Integer()


class FeedbackPage(forms.Schema):
    items = fields.List(fields.Nested(FeedbackOut))
    next = fields.String(allow_none=True)


class FeedbackMessageIn(forms.Schema):
    """`POST /feedback/{id}/messages`: its author replies, staff answers; `internal`: a note for staff."""

    text = forms.Text(max=TEXT, multiline=True, required=True)
    internal = _switch()


class FeedbackMessageOut(forms.Schema):
    """One message. `kind`: file, reply (its author), answer, note (staff)."""

    id = forms.Id()
    at = forms.Moment()
    kind = fields.String()
    author = Named("author")
    internal = fields.Boolean()
    text = fields.String()


class FeedbackMessageQuery(forms.QuerySchema):
    """`GET /feedback/{id}/messages`."""


class FeedbackMessagePage(forms.Schema):
    items = fields.List(fields.Nested(FeedbackMessageOut))
    next = fields.String(allow_none=True)


class FeedbackAssignmentIn(forms.Schema):
    """`POST /feedback/{id}/assignment`; null: nobody."""

    handler = forms.Id(required=True, allow_none=True)


class ConvertIn(forms.Schema):
    """`POST /feedback/{id}/convert`: what it becomes; `text` is told to its author."""

    to = fields.String(required=True, validate=validate.OneOf(("ticket", "notice"), error=_OFFERED))
    category = forms.Text(max=100, load_default=None)
    place_id = forms.Id(load_default=None, allow_none=True)
    place_text = forms.Text(max=PLACE_LIMIT, load_default=None, allow_none=True)
    description = forms.Text(max=DESCRIPTION_LIMIT, multiline=True, load_default="")
    urgency = fields.String(load_default="normal", validate=validate.OneOf(list(priority.URGENCIES), error=_OFFERED))
    title_zh = forms.Text(max=80, load_default="")
    title_en = forms.Text(max=80, load_default="")
    text = forms.Text(max=TEXT, multiline=True, load_default="")

    @validates_schema
    def _enough(self, data: dict[str, Any], **options: Any) -> None:
        if data["to"] == "ticket" and not data.get("category"):
            raise ValidationError(_("Choose what the problem is."), "category")
        if data["to"] == "notice" and not (data.get("title_zh") or data.get("title_en")):
            raise ValidationError(_("Give a title in at least one language."), "title_zh")


class ConvertedOut(forms.Schema):
    """What it became: exactly one of the two is not null."""

    id = forms.Id()
    status = fields.String()
    version = fields.Integer()
    ticket_id = forms.Id(allow_none=True)
    ticket_number = fields.String(allow_none=True)
    notice_id = forms.Id(allow_none=True)


class CalendarEffectOnFeedback(forms.Schema):
    """`GET /calendars/{id}/draft/effect/feedback`: open matters judged anew, of those the reader may know of."""

    matters = fields.Integer()
