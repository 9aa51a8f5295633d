"""Pinyin of Chinese names: initials to search by, keys to sort by.

The dictionary is large, so it is loaded at the first Chinese character and not at import.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

DIGITS = 6
"""Numbers are padded to so many digits in sort keys: room 2 stands before room 10."""

_PARTS = re.compile(r"([0-9]+|[a-z]+|[㐀-䶿一-鿿豈-﫿\U00020000-\U0003134f]+)")

# Surnames that are read otherwise than the character elsewhere; two-character ones first.
_SURNAMES = {
    "万俟": ("mo", "qi"),
    "尉迟": ("yu", "chi"),
    "单于": ("chan", "yu"),
    "长孙": ("zhang", "sun"),
    "澹台": ("tan", "tai"),
    "曾": ("zeng",),
    "单": ("shan",),
    "解": ("xie",),
    "仇": ("qiu",),
    "查": ("zha",),
    "区": ("ou",),
    "朴": ("piao",),
    "盖": ("ge",),
    "任": ("ren",),
    "华": ("hua",),
    "缪": ("miao",),
    "乐": ("yue",),
    "尹": ("yin",),
    "翟": ("zhai",),
    "覃": ("qin",),
    "员": ("yun",),
    "重": ("chong",),
    "种": ("chong",),
    "折": ("she",),
    "召": ("shao",),
    "黑": ("he",),
    "秘": ("bi",),
}


def initials(text: str, *, person: bool = False) -> str:
    """First letters of the syllables, letters and digits as they are: `桃园3号楼` → `ty3hl`, lower case.

    `person` reads the first character as a surname (曾 is zeng). At most 60 characters.
    """
    return "".join(part if part.isascii() and kind == "as-is" else part[:1] for kind, part in _read(text, person))[:60]


def sort_key(text: str, *, person: bool = False) -> str:
    """Key that orders Chinese names by pinyin and numbers by value: `桃园3号` → `tao yuan 000003 hao`.

    At most 200 characters, ASCII wherever the pinyin is known.
    """
    parts = (part.zfill(DIGITS) if part.isdigit() else part for _kind, part in _read(text, person))
    return " ".join(parts)[:200]


def _read(text: str, person: bool) -> Iterator[tuple[str, str]]:
    """The text as ("as-is", letters or digits) and ("syllable", toneless pinyin); everything else is dropped."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    first = person
    for part in _PARTS.findall(_without_accents(folded)):
        if part.isascii():
            yield "as-is", part
        else:
            for syllable in _syllables(part, first):
                yield "syllable", syllable
        first = False


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")


@lru_cache(maxsize=4096)
def _syllables(run: str, surname_first: bool) -> tuple[str, ...]:
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - 60 MB that most requests never need

    read: tuple[str, ...] = ()
    if surname_first:
        length = 2 if run[:2] in _SURNAMES else 1
        read = _SURNAMES.get(run[:length], ())
        run = run[length:] if read else run
    if not run:
        return read
    return read + tuple(lazy_pinyin(run, style=Style.NORMAL, v_to_u=False))
