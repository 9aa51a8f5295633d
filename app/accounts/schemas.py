"""What forms and API calls about people and rights may carry."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, validate, validates, validates_schema

from app.accounts.labels import LANGUAGES, ORG_KINDS, SCOPES, SEXES
from app.accounts.queries import STATES
from app.accounts.rules import spelling
from app.accounts.services.sessions import TOKEN_DAYS
from app.core import clock, forms
from app.core.forms import Id, Moment, Named, QuerySchema, Schema, Text
from app.sites import queries as places

PHONE = validate.Regexp(
    spelling.PHONE,
    error=_l("Write 3 to 20 digits; spaces, +, - and brackets may stand between them, an extension after “x”."),
)
EMAIL = validate.Regexp(spelling.EMAIL, error=_l("This is not an e-mail address."))
NUMBER = validate.Regexp(spelling.NUMBER, error=_l("Use letters, digits, dots, hyphens, underscores and slashes only."))
USERNAME = validate.Regexp(spelling.USERNAME, error=_l("Use 2 to 64 letters, digits, dots, hyphens and underscores."))
CODE = validate.Regexp(
    re.compile(r"^[0-9a-z][0-9a-z._\-]{0,63}$", re.IGNORECASE), error=_l("Use letters, digits, dots and hyphens only.")
)


class Password(fields.String):
    """A password as it was typed: not trimmed, not normalised; anything that is text."""

    def __init__(self, **options: Any) -> None:
        filled = validate.Length(min=1, error=forms.FILL_IN)
        super().__init__(validate=[filled, validate.Length(max=1000)], **options)


class Day(forms.Day):
    """A day of a register, which knows what began long ago."""

    first_year = 1900


class OfSomebody(Schema):
    """Fields of a person, who may be `known`: how a value is written is not judged anew where it stands there already.

    What came from older lists is left alone until somebody changes it, and keeps nobody from changing the rest.
    """

    def __init__(self, known: Mapping[str, Any] | None = None, **options: Any) -> None:
        self._known = known or {}
        super().__init__(**options)

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Marshmallow's own hook: each schema has fields of its own."""
        if known := self._known.get(field_name):
            field_obj.validators = [_unless(known, each) for each in field_obj.validators]


def _unless(known: Any, judge: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A judge of spelling who lets one value pass; other judges are left as they are."""
    return (lambda value: value == known or judge(value)) if isinstance(judge, validate.Regexp) else judge


class SignIn(Schema):
    """The sign-in form."""

    username = Text(max=100, required=True)
    password = Password(required=True)
    next = Text(max=2000)


class Profile(OfSomebody):
    """What people change about themselves."""

    locale = Text(validate=validate.OneOf(tuple(LANGUAGES)))
    email = Text(max=spelling.EMAIL_LIMIT, validate=EMAIL)
    phone = Text(max=30, validate=PHONE)


class OwnPassword(Schema):
    """A new password of one's own."""

    current = Password(required=True)
    password = Password(required=True)
    again = Password(required=True)

    @validates_schema
    def _same(self, data: dict[str, Any], **options: Any) -> None:
        if data.get("password") != data.get("again"):
            raise ValidationError(_("The two do not agree. Type the new password again."), "again")


class NewToken(Schema):
    """A token of one's own. `all`: whatever the person may do; else the chosen `scopes`."""

    name = Text(max=80, required=True)
    days = fields.Integer(required=True, validate=validate.OneOf(TOKEN_DAYS))
    extent = Text(required=True, validate=validate.OneOf(("all", "some")))
    scopes = fields.List(Text(max=60), load_default=list)

    @validates_schema
    def _one_extent(self, data: dict[str, Any], **_options: Any) -> None:
        if data["extent"] == "all" and data["scopes"]:
            raise ValidationError(_("Some of it is ticked below: choose only that, or tick nothing."), "extent")


class PersonFields(OfSomebody):
    """A person as an administrator edits them. An account ends today or later: to close one at once is another act.

    Nothing else sets an end: lists take one away from who is back, and mark as missing who is gone.
    """

    name = Text(max=80, required=True)
    lang = Text(validate=validate.OneOf(tuple(LANGUAGES)), load_default="zh-CN")
    sex = Text(validate=validate.OneOf(tuple(SEXES)), load_default="U")
    email = Text(max=spelling.EMAIL_LIMIT, validate=EMAIL)
    phone = Text(max=30, validate=PHONE)
    locale = Text(validate=validate.OneOf(tuple(LANGUAGES)))
    username = Text(max=64, validate=USERNAME)
    valid_to = Day()

    @validates("valid_to")
    def _not_over(self, value: date, **_options: Any) -> None:
        if value != self._known.get("valid_to") and value < places.today(clock.now()):
            raise ValidationError(_("This day is past. Choose today or a later one."))


class NewPerson(PersonFields):
    """A new person, with numbers and, where wanted, an account."""

    student_no = Text(max=64, validate=NUMBER)
    staff_no = Text(max=64, validate=NUMBER)
    password = Password()


class Identifier(Schema):
    """A further number of a person."""

    kind = Text(required=True, validate=validate.OneOf(("student_no", "staff_no")))
    value = Text(max=64, required=True, validate=NUMBER)


class Period(Schema):
    """From a day on, until a day (the last one)."""

    start = Day()
    end = Day()


class Home(Period):
    """Where somebody lives; `nowhere`: no longer known to live anywhere."""

    place_id = Id()
    nowhere = fields.Boolean(load_default=False)
    start = Day(required=True)

    @validates_schema
    def _somewhere(self, data: dict[str, Any], **options: Any) -> None:
        if not data.get("place_id") and not data.get("nowhere"):
            raise ValidationError(_("Choose a place, or say that none is known."), "place_id")
        if data.get("place_id") and data.get("nowhere"):
            raise ValidationError(_("Choose a place or say that none is known, not both."), "place_id")


class Membership(Period):
    """An org unit of a person."""

    unit = Text(max=64, required=True)
    start = Day(required=True)


class RoleGranted(Period):
    """A role given in a scope; `scope` is the code of the campus, building, crew or unit."""

    role_id = Id(required=True, error_messages=dict.fromkeys(("required", "invalid"), _l("Choose a role.")))
    scope_kind = Text(required=True, validate=validate.OneOf(tuple(SCOPES)))
    scope = Text(max=64)


class SetPassword(Schema):
    """A password set for somebody else; none: one is drawn."""

    password = Password()


class RoleFields(Named):
    """A role: what it is called and may do."""

    permissions = fields.List(Text(max=60), load_default=list)
    staff = fields.Boolean(load_default=False)


class NewRole(RoleFields):
    """A role of the institution's own."""

    code = Text(max=64, required=True, validate=CODE)


class CrewFields(Named):
    """A crew."""

    code = Text(max=64, required=True, validate=CODE)
    contractor = fields.Boolean(load_default=False)


class CrewIn(Schema):
    """`POST /crews`, `PUT /crews/{id}`; `contractor`: of another firm."""

    code = Text(max=64, required=True, validate=CODE)
    name = forms.Texts(required=True, validate=forms.NAMED)
    contractor = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class CrewOut(Schema):
    """A crew; `closed_on`: from that day on it is none any more."""

    id = Id()
    code = fields.String()
    name = fields.Dict(keys=fields.String(), values=fields.String())
    contractor = fields.Boolean()
    closed_on = fields.Date(attribute="valid_to", allow_none=True)


class CrewLine(Schema):
    """A crew of today with the number of its members."""

    id = Id()
    code = fields.String()
    name = fields.Dict(keys=fields.String(), values=fields.String())
    contractor = fields.Boolean()
    members = fields.Integer()


class CrewPage(Schema):
    items = fields.List(fields.Nested(CrewLine))
    next = fields.String(allow_none=True)


class CrewMemberIn(Schema):
    """`POST /crews/{id}/members`."""

    person_id = Id(required=True)


class PersonNamed(Schema):
    id = fields.String()
    name = fields.String()


class CrewMemberOut(Schema):
    """Somebody in a crew; `id` is that of the membership, by which it is ended."""

    id = Id()
    person = fields.Nested(PersonNamed)
    since = fields.Date(allow_none=True)


class CrewMemberPage(Schema):
    items = fields.List(fields.Nested(CrewMemberOut))
    next = fields.String(allow_none=True)


class OrgUnitFields(Schema):
    """An org unit."""

    kind = Text(required=True, validate=validate.OneOf(tuple(ORG_KINDS)))
    code = Text(max=64, required=True, validate=CODE)
    name = Text(max=120, required=True)


class Who(Schema):
    """A person picked: by id from what was found, or by what was typed."""

    person_id = Id()
    who = Text(max=100)


class PeopleQuery(QuerySchema):
    """Filters of the list of people."""

    q = Text(max=100, load_default="")
    role = Text(max=64, load_default=None)
    unit = Id(load_default=None)
    state = Text(load_default=None, validate=validate.OneOf(STATES))


class Cursor(QuerySchema):
    """A list without filters."""


class TokenAsked(Schema):
    """POST /tokens."""

    username = Text(max=100, required=True)
    password = Password(required=True)


class TokenGiven(Schema):
    """A bearer token, shown once."""

    token = fields.String(required=True)
    expires_at = Moment(required=True)


class PlaceBrief(Schema):
    """Where somebody lives."""

    id = Id()
    code = fields.String()
    name = fields.String()
    kind = fields.String()
    path = fields.String()


class Me(Schema):
    """Who the token speaks for."""

    id = Id()
    username = fields.String()
    name = fields.String()
    roles = fields.List(fields.String())
    home_place = fields.Nested(PlaceBrief, allow_none=True)


class PeopleAsked(QuerySchema):
    """GET /people."""

    q = Text(max=100, load_default="")


class PersonBrief(Schema):
    """A person in a picker; the number masked for who may not read people."""

    id = Id()
    name = fields.String()
    number = fields.String(allow_none=True)


class PersonBriefs(Schema):
    """A page of them."""

    items = fields.List(fields.Nested(PersonBrief))
    next = fields.String(allow_none=True)
