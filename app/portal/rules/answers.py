"""Knowledge answers: how their text is shown, and how well one fits what somebody typed."""

import re
from collections.abc import Sequence
from typing import Final

_STEP: Final = re.compile(r"\s*(?:\d{1,2}[.)、．]|[一二三四五六七八九十]、)\s*(.+)")
_POINT: Final = re.compile(r"\s*[-•·*]\s+(.+)")
_HAN: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿]{3,}")
MOST_GRAMS: Final = 12

Block = tuple[str, Sequence[str]]


def blocks(text: str) -> list[Block]:
    """A text as paragraphs (`p`), numbered steps (`ol`) and points (`ul`); nothing in it is markup."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if not line.strip():
            found.append(("", []))
            continue
        kind, words = _line(line)
        if kind != "p" and found and found[-1][0] == kind:
            found[-1][1].append(words)
        else:
            found.append((kind, [words]))
    return [(kind, words) for kind, words in found if kind]


def _line(line: str) -> tuple[str, str]:
    for kind, shape in (("ol", _STEP), ("ul", _POINT)):
        match = shape.fullmatch(line)
        if match:
            return kind, match[1].strip()
    return "p", line.strip()


def pairs(word: str) -> list[str]:
    """The pairs of characters by which a longer Chinese word is looked for; empty for a word that must occur whole."""
    if not _HAN.fullmatch(word):
        return []
    return list(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))[:MOST_GRAMS]


def needed(count: int) -> int:
    """How many of so many pairs must occur, in whatever order: half of them."""
    return max(1, (count + 1) // 2)


def fits(text: str, word: str) -> bool:
    """Whether a word as typed is found in a folded text; what the list does in SQL, for one text."""
    wanted = pairs(word)
    if word in text:
        return True
    return bool(wanted) and sum(pair in text for pair in wanted) >= needed(len(wanted))
