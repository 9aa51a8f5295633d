"""What marshmallow says of an entry in English, in the reader's language and with what to do.

Schemas that know better what is asked for bring their own words; those are left as they are.
"""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l

_SENTENCES = {
    "Missing data for required field.": _l("This entry is needed."),
    "Field may not be null.": _l("This entry cannot be empty (null)."),
    "Invalid value.": _l("This entry cannot be used."),
    "Unknown field.": _l("There is no such entry here. Leave it out, or check its name."),
    "Invalid input type.": _l("An object with named entries is expected here."),
    "Invalid type.": _l("An object with named entries is expected here."),
    "Invalid JSON body.": _l("This is not JSON. Check quotes, commas and the encoding (UTF-8)."),
    "Not a valid list.": _l("A list is expected here."),
    "Not a valid string.": _l("Text is expected here."),
    "Not a valid utf-8 string.": _l("This text is not UTF-8."),
    "Not a valid number.": _l("Give a number."),
    "Number too large.": _l("This number is too large."),
    "Special numeric values (nan or infinity) are not permitted.": _l("Give a number."),
    "Not a valid integer.": _l("Give a whole number."),
    "Not a valid boolean.": _l("Give true or false."),
    "Not a valid date.": _l("Give a day, like 2026-09-01."),
    "Not a valid datetime.": _l("Give a moment with its time zone, like 2026-09-01T08:00:00+08:00."),
    "Not a valid aware datetime.": _l("Give a moment with its time zone, like 2026-09-01T08:00:00+08:00."),
    "Not a valid mapping type.": _l("An object with named entries is expected here."),
    "Not a valid email address.": _l("Give a complete e-mail address."),
    "String does not match expected pattern.": _l("This entry is not written as it must be."),
}

_PATTERNS = [
    (re.compile(pattern), words)
    for pattern, words in (
        (r"Must be one of: (?P<choices>.*)\.", _l("Choose one of: %(choices)s.")),
        (r"Longer than maximum length (?P<max>\d+)\.", _l("At most %(max)s characters or entries.")),
        (r"Shorter than minimum length (?P<min>\d+)\.", _l("At least %(min)s characters or entries.")),
        (
            r"Length must be between (?P<min>\d+) and (?P<max>\d+)\.",
            _l("%(min)s to %(max)s characters or entries."),
        ),
        (r"Length must be (?P<equal>\d+)\.", _l("Exactly %(equal)s characters or entries.")),
        (
            r"Must be greater than or equal to (?P<min>\S+) and less than or equal to (?P<max>\S+)\.",
            _l("A number from %(min)s to %(max)s."),
        ),
        (r"Must be greater than or equal to (?P<min>\S+)\.", _l("At least %(min)s.")),
        (r"Must be greater than (?P<min>\S+)\.", _l("More than %(min)s.")),
        (r"Must be less than or equal to (?P<max>\S+)\.", _l("At most %(max)s.")),
        (r"Must be less than (?P<max>\S+)\.", _l("Less than %(max)s.")),
    )
]


def said(message: Any) -> Any:
    """A message of a schema: ours as it is, marshmallow's own in words of the reader (a lazy string)."""
    if not isinstance(message, str):
        return message
    if (sentence := _SENTENCES.get(message)) is not None:
        return sentence
    for pattern, words in _PATTERNS:
        if (found := pattern.fullmatch(message)) is not None:
            return words % found.groupdict()
    return message
