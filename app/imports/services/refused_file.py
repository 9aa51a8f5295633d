"""The file of refused rows: what it has besides the rows, by which it is known when it is uploaded again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from app.core import i18n
from app.core.words import LANGUAGES

ROW: Final[Any] = _l("Row in the file")
PROBLEM: Final[Any] = _l("What is wrong")


def comes_back(headings: Collection[str]) -> bool:
    """Whether a file with these headings is one of ours, in whichever language it was made.

    The number of the row tells it: a heading no other list has, and a column nobody has to touch when mending.
    """
    return any(_spoken(tag) in headings for tag in LANGUAGES)


def _spoken(tag: str) -> str:
    with i18n.speaking(tag):
        return str(ROW)
