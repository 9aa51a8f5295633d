"""Schemas at the edge and HTML forms over them: one description of an input for API and pages.

`Schema` refuses unknown fields and text that cannot be stored; `Form` keeps what was typed, so that a refused
form comes back filled in with the errors beside the fields.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import marshmallow
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, RAISE, ValidationError, fields, validate
from werkzeug.datastructures import FileStorage, MultiDict

from app.core import schema_words
from app.core.errors import NEVER, DomainError, NotAllowed, NotFound, Rejected
from app.core.i18n import format_number, iso
from app.core.words import LANGUAGES

IDEMPOTENCY_FIELD = "idempotency_key"
FRAMEWORK_FIELDS = frozenset({"csrf_token", IDEMPOTENCY_FIELD})
MAX_ID = 2**63 - 1
FILL_IN: Any = _l("Please fill this in.")

# format characters, spaces and ends of lines of all kinds: text of nothing else shows nothing
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
# embedding and override controls turn a line of text around for every later reader
_BIDI = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF])


def clean(value: str, *, multiline: bool = False) -> str:
    """Text as it is stored: NFC, no bidi controls, no control characters, trimmed; empty where nothing would be seen.

    Raises ValidationError for NUL and lone surrogates, which PostgreSQL cannot store.
    """
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise ValidationError(_("This contains a character that cannot be stored. Type the text anew."))
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).translate(_BIDI)
    kept = "\n\t" if multiline else ""
    if not multiline:
        text = text.replace("\n", " ").replace("\t", " ")
    text = "".join(char for char in text if char in kept or unicodedata.category(char) != "Cc")
    return text.strip() if any(unicodedata.category(char) not in _UNSEEN for char in text) else ""


class Text(fields.Field[str]):
    """A line (or, with `multiline`, a text) of at most `max` characters; blank is missing, unless it `may_be_blank`."""

    default_error_messages = {"invalid": _l("This must be text.")}  # noqa: RUF012 - marshmallow declares it so

    def __init__(self, *, max: int = 200, multiline: bool = False, may_be_blank: bool = False, **options: Any) -> None:  # noqa: A002 - marshmallow's own word for it
        super().__init__(**options)
        self.max, self.multiline, self.may_be_blank = max, multiline, may_be_blank

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if len(value) > self.max * 4 + 1000:
            raise self._too_long()
        text = clean(value, multiline=self.multiline)
        if self.required and not text and not self.may_be_blank:
            raise ValidationError(str(FILL_IN))
        if len(text) > self.max or sum(map(bool, map(unicodedata.combining, text))) > self.max // 2:
            raise self._too_long()
        return text

    def _too_long(self) -> ValidationError:
        return ValidationError(_("This is too long: at most %(max)s characters.", max=format_number(self.max)))

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return value


class Upload(fields.Field[FileStorage]):
    """A file of a multipart body; text under its name is none."""

    default_error_messages = {"invalid": _l("Choose a file.")}  # noqa: RUF012 - as above

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> FileStorage:
        if not isinstance(value, FileStorage):
            raise self.make_error("invalid")
        return value


class Id(fields.Field[int]):
    """An id as the decimal string of the contract (a JSON number is taken too); ASCII digits only."""

    default_error_messages = {"invalid": _l("This is not a valid number of an object.")}  # noqa: RUF012 - as above

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        number = parse_id(value)
        if number is None:
            raise self.make_error("required" if self.required and value == "" else "invalid")
        return number

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> str | None:
        return None if value is None else str(value)


class Version(Id):
    """The version a page was made from; NEVER where it says none or none that can be read."""

    def __init__(self) -> None:
        super().__init__(load_default=NEVER)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        return parse_id(value) or NEVER


def parse_id(value: Any) -> int | None:
    """The id in `value`, or None for anything that cannot be one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if 0 < value <= MAX_ID else None
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 19:
        return None
    return int(value) if 0 < int(value) <= MAX_ID else None


def id_in_address(given: str) -> int:
    """The id an address names. Raises NotFound for what cannot be one."""
    number = parse_id(given)
    if number is None:
        raise NotFound
    return number


MAX_NUMBER = 2**31 - 1


def number_in_address(given: str) -> int:
    """The number of a version an address names. Raises NotFound for what cannot be one."""
    number = id_in_address(given)
    if number > MAX_NUMBER:
        raise NotFound
    return number


def seen_in(given: Mapping[str, Any], name: str = "version") -> int:
    """The version a page was made from, of its form; NEVER where it says none or none that can be read."""
    return parse_id(given.get(name)) or NEVER


FIRST_YEAR, LAST_YEAR = 1990, 2200
"""The years a day can be meant in: one can reckon on from each without leaving the calendar."""


def check_year(year: int, first: int = FIRST_YEAR, last: int = LAST_YEAR) -> None:
    """Refuse a year nobody means, such as 26 or 20026. Raises ValidationError."""
    if not first <= year <= last:
        said = _("Look at the year: it must be from %(first)s to %(last)s.", first=first, last=last)
        raise ValidationError(said)


class Day(fields.Date):
    """A calendar day, like 2026-09-01, of `first_year` to `last_year`."""

    first_year, last_year = FIRST_YEAR, LAST_YEAR
    default_error_messages = {"invalid": _l("Give a day, like 2026-09-01.")}  # noqa: RUF012 - as above

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> date:
        day: date = super()._deserialize(value, attr, data, **options)
        check_year(day.year, self.first_year, self.last_year)
        return day


LONGEST_PERIOD = timedelta(days=1100)  # three years


def check_period(first: date | None, last: date | None) -> None:
    """Refuse days, both inclusive, of which the last lies before the first, or too many. Raises ValidationError."""
    if first is None or last is None:
        return
    if last < first:
        raise ValidationError(_("The last day lies before the first."), "last")
    if last - first > LONGEST_PERIOD:
        raise ValidationError(_("Ask for three years at most."), "last")


def within_reach(moment: datetime) -> datetime:
    """An instant of the years that can be meant, so that one can reckon on from it. Raises ValueError."""
    if not 1970 <= moment.year <= 9000:
        raise ValueError(moment)
    return moment


class Moment(fields.AwareDateTime):
    """An instant, RFC 3339 with an offset; dumped as UTC with `Z`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", **options)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> Any:
        return iso(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        moment = super()._deserialize(value, attr, data, **options)
        try:
            return within_reach(moment)
        except ValueError as error:
            raise self.make_error("invalid", input=value, obj_type="datetime") from error


class Schema(marshmallow.Schema):
    """Base of all schemas: unknown fields are refused, keys keep their order."""

    class Meta:
        unknown = RAISE


NAME_MAX = 80
CODE_MAX = 64
CODE = validate.Regexp(r"^[0-9a-z][0-9a-z._\-]*$", error=_l("Use small letters, digits, dots and hyphens only."))
"""How somebody names a thing for machines: an import, another system, an address."""


class Texts(fields.Field[dict[str, str]]):
    """Words in the languages of the product, `{"zh-CN": …, "en": …}`, each at most `max` characters; one is enough."""

    default_error_messages = {"invalid": _l("Give an object with the texts by language.")}  # noqa: RUF012 - as above

    def __init__(self, *, max: int = NAME_MAX, multiline: bool = False, **options: Any) -> None:  # noqa: A002 - as above
        super().__init__(metadata={"type": "object", "additionalProperties": {"type": "string"}}, **options)
        self.text = Text(max=max, multiline=multiline)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not set(value) <= set(LANGUAGES):
            raise self.make_error("invalid")
        found = {tag: self.text.deserialize(given) for tag, given in value.items()}
        return {tag: text for tag, text in found.items() if text}


NO_NAME = _l("Give the name in at least one language.")
NAMED = validate.Length(min=1, error=NO_NAME)
"""Of `Texts` that name something."""


def need_words(data: Mapping[str, Any], name: str = "name") -> None:
    """Refuse a pair of fields (`name_zh`, `name_en`) that says nothing in either language. Raises ValidationError."""
    if not data.get(f"{name}_zh") and not data.get(f"{name}_en"):
        raise ValidationError(str(NO_NAME), f"{name}_zh")


class Named(Schema):
    """A form that gives a name in at least one language."""

    name_zh = Text(max=NAME_MAX, load_default="")
    name_en = Text(max=NAME_MAX, load_default="")

    @marshmallow.validates_schema
    def _one_language(self, data: dict[str, Any], **_options: Any) -> None:
        need_words(data)


class QuerySchema(Schema):
    """Base of the schemas of query strings: `limit` and `cursor` of every list."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 100), strict=False)
    cursor = Text(max=2000, load_default=None)


def load(schema: Schema, data: Mapping[str, Any]) -> dict[str, Any]:
    """Load plain data; raises Rejected with the sentences per field."""
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        raise Rejected(fields=flatten(error.messages)) from error
    return loaded


def flatten(messages: Any, path: str = "") -> dict[str, list[Any]]:
    """Marshmallow's nested messages as `a.0.b` → sentences; the location level (json, query) is dropped."""
    if isinstance(messages, dict):
        found: dict[str, list[Any]] = {}
        for name, inner in messages.items():
            dropped = not path and name in ("json", "query", "files", "form", "headers", "path")
            step = "" if dropped or name == "_schema" else f"{path}.{name}".strip(".")
            for key, said in flatten(inner, step or path).items():
                found.setdefault(key, []).extend(said)
        return found
    leaves = messages if isinstance(messages, list) else [messages]
    return {path or "body": [schema_words.said(each) for each in leaves]}


class Form:
    """An HTML form over a schema.

    `values` is what the page shows (the initial data, then what was typed), `errors` the sentences per field,
    `problem` a sentence about the whole form, `beside` the fields of the page that the schema does not have, `status`
    that of the answer which shows it again.
    """

    def __init__(self, schema: Schema | type[Schema], values: Mapping[str, Any] | None = None) -> None:
        self.schema = schema() if isinstance(schema, type) else schema
        self.values: dict[str, Any] = dict(values or {})
        self.errors: dict[str, list[str]] = {}
        self.problem: str | None = None
        self.beside: set[str] = set()
        self.status = 422

    def load(self, sent: MultiDict[str, str], files: MultiDict[str, Any] | None = None) -> dict[str, Any] | None:
        """The loaded data, or None where the form must be shown again with its errors."""
        many = {name for name, field in self.schema.fields.items() if isinstance(field, fields.List)}
        raw: dict[str, Any] = {}
        for name in sent:
            if name in FRAMEWORK_FIELDS:
                continue
            raw[name] = [each for each in sent.getlist(name) if each] if name in many else sent.get(name)
        for name in files or {}:
            found = [each for each in (files or MultiDict()).getlist(name) if each.filename]
            if found:
                raw[name] = found if name in many else found[0]
        self.values = {name: value for name, value in raw.items() if not hasattr(value, "stream")}
        blank = {name for name, value in raw.items() if value == "" and self._optional(name)}
        try:
            loaded: dict[str, Any] = self.schema.load({n: v for n, v in raw.items() if n not in blank}, unknown=EXCLUDE)
        except ValidationError as error:
            self.refuse(flatten(error.messages))
            return None
        return loaded

    def _optional(self, name: str) -> bool:
        field = self.schema.fields.get(name)
        return field is None or not field.required

    def heeding(self, *others: type[DomainError]) -> Heeding:
        """A block that does what the form asks and leaves by `return`.

        Rejected, and `others`, raised in it are taken over (`refuse`): what follows the block shows the form again.
        """
        return Heeding(self, (Rejected, *others))

    def refuse(self, refused: Mapping[str, Any] | DomainError) -> None:
        """Take over a service's refusal, so that the page shows it beside the fields."""
        if isinstance(refused, DomainError):
            self.status = refused.status
            said = refused.message or (_("You may not do this.") if isinstance(refused, NotAllowed) else None)
            self.problem = str(said) if said else None
            refused = refused.fields if isinstance(refused, Rejected) else {}
        for name, said in refused.items():
            self.errors.setdefault(name, []).extend(str(each) for each in said)
        elsewhere = [name for name in self.errors if name not in self.schema.fields and name not in self.beside]
        if not self.problem and elsewhere:
            self.problem = "; ".join(each for name in elsewhere for each in self.errors[name])


class Heeding:
    """What `Form.heeding` gives: ends quietly where the form takes the refusal over."""

    def __init__(self, form: Form, taken: tuple[type[DomainError], ...]) -> None:
        self.form, self.taken = form, taken

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, refused: BaseException | None, _trace: object) -> bool:
        if not isinstance(refused, self.taken):
            return False
        self.form.refuse(refused)
        return True
