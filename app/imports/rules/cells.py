"""From the text of a cell to a value, or to the reason why not.

Every parser takes the raw text and returns the value, None for an empty cell, or :class:`Bad` with a code and its
figures. Nothing is guessed: what can be read two ways is refused.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias, TypeVar

from app.accounts.rules import spelling

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Bad:
    """Why a cell is no value: ``code`` of the reason and the figures its sentence needs."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)


Parsed: TypeAlias = V | Bad | None

_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
_UNSTORABLE = re.compile(r"(?!\s)[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_HANZI = "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]"
_LOST_IN_TEXT = re.compile(f"{_HANZI}[?\uff1f]+{_HANZI}")
_LOST_MARKS = frozenset("\ufffd\u3013\u25a1")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:\.\d+)?[eE][+-]?\d+")
_POINT_ZERO = re.compile(r"\d{5,}\.0+")
_DECIMAL = re.compile(r"[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d{0,30})?")
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})")
_STANDARD_FORMS = {
    "\ue81e": "\u9fb4", "\ue826": "\u9fb5", "\ue82b": "\u9fb6", "\ue82c": "\u9fb7",
    "\ue832": "\u9fb8", "\ue843": "\u9fb9", "\ue854": "\u9fba", "\ue864": "\u9fbb",
}  # fmt: skip
"""Characters GB18030-2000 put into the private area and later editions gave a code point of their own."""
_MODERN = str.maketrans(_STANDARD_FORMS)

SEX: Mapping[str, str] = {
    "0": "U", "1": "M", "2": "F", "9": "U",
    "男": "M", "男性": "M", "m": "M", "male": "M",
    "女": "F", "女性": "F", "f": "F", "female": "F",
    "未知": "U", "未知的性别": "U", "未说明": "U", "未说明的性别": "U", "u": "U", "unknown": "U",
}  # fmt: skip
"""GB/T 2261.1: 1 male, 2 female, 0 and 9 not known (the person is taken, without a bed until it is)."""


def clean(raw: str) -> Parsed[str]:
    """NFC, invisible direction marks gone, white space to single spaces; refused where a character cannot be stored."""
    if raw.isascii() and raw.isprintable():
        return raw.strip() or None
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", raw)).translate(_MODERN)
    text = _SPACES.sub(" ", text).strip()
    if (found := _UNSTORABLE.search(text)) is not None:
        return Bad("unstorable", {"character": f"U+{ord(found[0]):04X}"})
    return text or None


def kept(raw: str, *, limit: int) -> str:
    """A cell as it stands, to be given back; what cannot be kept of it leaves a mark no rule here takes for a value."""
    whole = raw if len(raw) <= limit else f"{raw[: limit - 1]}\ufffd"
    return _UNSTORABLE.sub("\ufffd", whole)


def text(raw: str, *, limit: int = 200) -> Parsed[str]:
    """One line of text up to ``limit`` characters."""
    value = clean(raw)
    if not isinstance(value, str):
        return value
    if len(value) > limit:
        return Bad("too_long", {"length": len(value), "limit": limit})
    if "\ufffd" in value or _LOST_IN_TEXT.search(value):
        return Bad("lost_character")
    return value


def name(raw: str, *, limit: int = 80) -> Parsed[str]:
    """A person's name: also no question mark, geta mark or box; they stand where an export lost a rare character."""
    value = text(raw, limit=limit)
    if not isinstance(value, str):
        return value
    if any(char in "?\uff1f" or char in _LOST_MARKS for char in value):
        return Bad("lost_character")
    if any(unicodedata.category(char) == "Co" for char in value):
        return Bad("private_character")
    return value


def code(raw: str, *, limit: int = 64) -> Parsed[str]:
    """A number or code that identifies: half width, no spaces; refused where a spreadsheet has changed it."""
    value = clean(_unwrap_formula(raw))
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFKC", value).removeprefix("'").strip()
    if _SCIENTIFIC.fullmatch(value) and ("." in value or "+" in value):
        return Bad("scientific")
    if _POINT_ZERO.fullmatch(value):
        return Bad("decimal_point")
    if " " in value:
        return Bad("space_in_code")
    if "?" in value or any(char in _LOST_MARKS for char in value):
        return Bad("lost_character")
    if len(value) > limit:
        return Bad("too_long", {"length": len(value), "limit": limit})
    return value or None


def integer(raw: str, *, low: int, high: int) -> Parsed[int]:
    """A whole number within bounds; "1,234" and "12.0" count as whole numbers."""
    value = decimal(raw, low=low, high=high, places=0)
    return int(value) if isinstance(value, Decimal) else value


def decimal(raw: str, *, low: int | Decimal, high: int | Decimal, places: int) -> Parsed[Decimal]:
    """A number within bounds and with at most ``places`` decimals (trailing zeros do not count).

    A decimal comma is refused.
    """
    value = clean(raw)
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFKC", value).replace("\u2212", "-")
    if _GROUPED.fullmatch(value):
        value = value.replace(",", "")
    if not value.isascii() or not _DECIMAL.fullmatch(value):
        return _not_a_number(value)
    number = Decimal(value)
    if number == number.to_integral_value():
        number = number.quantize(Decimal(1)) if abs(number) < 10**27 else number
    if not low <= number <= high:
        return Bad("out_of_range", {"low": str(low), "high": str(high)})
    if -int(number.normalize().as_tuple().exponent) > places:
        return Bad("too_precise", {"places": places})
    return number


def _not_a_number(value: str) -> Bad:
    if _SCIENTIFIC.fullmatch(value):
        return Bad("scientific")
    if re.fullmatch(r"[+-]?\d+,\d+", value):
        return Bad("decimal_comma")
    return Bad("not_a_number")


def choice(raw: str, table: Mapping[str, V]) -> Parsed[V]:
    """The value a code table gives; keys are compared folded (width, case, spaces).

    Refused with the nearest known key.
    """
    value = clean(raw)
    if not isinstance(value, str):
        return value
    key = fold_key(value)
    if key in table:
        return table[key]
    near = difflib.get_close_matches(key, table.keys(), n=1, cutoff=0.6) if len(table) <= 2000 else []
    return Bad("not_in_table", {"suggestion": near[0]} if near else {})


def fold_key(value: str) -> str:
    """How keys of a code table are compared."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", value).casefold())


def phone(raw: str) -> Parsed[str]:
    """A telephone number: a mainland mobile as its eleven digits, others as digits with "+" and extension kept."""
    value = clean(_unwrap_formula(raw))
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFKC", value).removeprefix("'")
    if _SCIENTIFIC.fullmatch(value) and ("." in value or "+" in value):
        return Bad("scientific")
    value = re.sub(r"[\s\-()./]", "", value)
    mobile = _MOBILE.fullmatch(value)
    if mobile:
        return mobile[1]
    return value if spelling.PHONE.match(value) else Bad("not_a_phone")


def email(raw: str) -> Parsed[str]:
    """An e-mail address; a full-width one is made narrow."""
    value = clean(raw)
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFKC", value)
    if len(value) > spelling.EMAIL_LIMIT:
        return Bad("too_long", {"length": len(value), "limit": spelling.EMAIL_LIMIT})
    return value if spelling.EMAIL.match(value) else Bad("not_an_email")


def _unwrap_formula(raw: str) -> str:
    """``="0012"`` is how spreadsheets are made to keep leading zeros in CSV."""
    bare = raw.strip()
    return bare[2:-1] if len(bare) > 3 and bare.startswith('="') and bare.endswith('"') else raw
