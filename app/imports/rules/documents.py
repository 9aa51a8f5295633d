"""Identity documents: only what can be checked without asking anybody. Values never leave the caller in clear."""

from __future__ import annotations

import datetime
import re
import unicodedata

from app.imports.rules.cells import Bad, Parsed, code

RESIDENT = "resident"
"""GB 11643 resident identity number, 18 characters with an ISO 7064 MOD 11-2 check character."""
OTHER = "other"
"""Passport, permit for Hong Kong, Macao and Taiwan, permanent residence card, …: taken as written."""

_RESIDENT = re.compile(r"\d{17}[\dX]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_OTHER = re.compile(r"[0-9A-Z]{5,30}")


def document(raw: str) -> Parsed[str]:
    """The number in upper case and half width; an 18-digit resident number must carry its right check character."""
    if "•" in raw or "*" in raw:
        return Bad("masked")
    value = code(raw, limit=40)
    if not isinstance(value, str):
        return value
    value = unicodedata.normalize("NFKC", value).upper().replace("(", "").replace(")", "")
    if _RESIDENT.fullmatch(value):
        return value if is_resident(value) else _wrong_check(value)
    if value.isdigit() and len(value) in (17, 19):
        return Bad("document_length", {"length": len(value)})
    return value if _OTHER.fullmatch(value) else Bad("not_a_document")


def kind(value: str) -> str:
    """Which kind of document a checked number is."""
    return RESIDENT if _RESIDENT.fullmatch(value) and is_resident(value) else OTHER


def is_resident(value: str) -> bool:
    """True for a resident number whose check character and birth date hold."""
    if not _RESIDENT.fullmatch(value) or check_character(value[:17]) != value[17]:
        return False
    try:
        datetime.date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return False
    return True


def check_character(first17: str) -> str:
    """ISO 7064 MOD 11-2 over the first 17 digits."""
    return _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first17, strict=True)) % 11]


def masked(value: str) -> str:
    """What may be shown: the last four characters."""
    return f"••••{value[-4:]}" if len(value) > 4 else "••••"


def _wrong_check(value: str) -> Bad:
    """A spreadsheet keeps 15 digits of a number and writes zeros for the rest."""
    return Bad("digits_lost") if value.endswith("000") else Bad("document_check")
