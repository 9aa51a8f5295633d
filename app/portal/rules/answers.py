"""Knowledge answers: how their text is shown, and how well one fits what somebody typed."""

import re
from collections.abc import Sequence
from typing import Final

from app.tickets.rules.grams import folded

_STEP: Final = re.compile(r"\s*(?:\d{1,2}[.)、．]|[一二三四五六七八九十]、)\s*(.+)")
_POINT: Final = re.compile(r"\s*[-•·*]\s+(.+)")
_HAN: Final = re.compile(r"[㐀-䶿一-鿿豈-﫿]{3,}")
MOST_GRAMS: Final = 12
MOST_WORDS: Final = 8
ANYWHERE: Final = 3  # letters up to which a word is found inside of others, too
_BETWEEN: Final = re.compile(r"[\s,.;:!?/()“”\"，。；：！？、（）《》]+")
_LATIN: Final = re.compile(r"[a-z]+(?:[-'’][a-z]+)*")
_VOWEL: Final = re.compile(r"[aeiouy]")
_ENDINGS: Final = ("ies", "ing", "ed", "es", "s")
_SAYS_NOTHING: Final = re.compile(
    r"an?|and|any|are|at|be|by|can(?:not|'t)?|do(?:es)?(?:n't)?|for|from|ha(?:s|ve)|how|i|in|is(?:n't)?|it(?:'s)?|m[ey]"
    r"|not?|o[fnr]|off|our|out|should|that|the|there|this|to|wh(?:at|en|ere|y)|will|with|won't|your?"
)

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


def looked_for(typed: str) -> list[str]:
    """The words of a search, folded, without what every English sentence holds; as they are where nothing else is.

    Marks alone are words too: who looks for `?` is not shown everything.
    """
    text = folded(typed).replace("’", "'")
    found = [word for word in _BETWEEN.split(text) if word] or text.split()
    return list(dict.fromkeys([word for word in found if not _SAYS_NOTHING.fullmatch(word)] or found))[:MOST_WORDS]


def beginnings(word: str) -> list[str]:
    """What an English word may begin with where it is found: as typed, without its hyphens, without its ending.

    Empty for words of other scripts and for short ones, which are found anywhere: initials of pinyin are such. An
    ending leaves at least three letters with a vowel, so that leaks, leaking and leaked are looked for as leak, and
    string stays a string; what it doubled is single again (dripping, drip).
    """
    if len(word) <= ANYWHERE or not _LATIN.fullmatch(word):
        return []
    plain = word.removesuffix("'s").replace("-", "")
    found = [word, plain]
    for ending in _ENDINGS:
        stem = plain.removesuffix(ending)
        if stem != plain and len(stem) >= 3 and _VOWEL.search(stem):
            doubled = ending in ("ing", "ed") and len(stem) > 3 and stem[-1] == stem[-2]
            found.append(stem[:-1] if doubled else stem)
            break
    return list(dict.fromkeys(found))


def begins(word: str) -> str:
    """A pattern, for Python and PostgreSQL alike, that finds what begins like the word; empty: it is found anywhere."""
    found = beginnings(word)
    return f"(?<![a-z0-9])({'|'.join(found)})" if found else ""


def pairs(word: str) -> list[str]:
    """The pairs of characters by which a longer Chinese word is looked for; empty for a word that must occur whole."""
    if not _HAN.fullmatch(word):
        return []
    return list(dict.fromkeys(word[at : at + 2] for at in range(len(word) - 1)))[:MOST_GRAMS]


def needed(count: int) -> int:
    """How many of so many pairs must occur, in whatever order: half of them."""
    return max(1, (count + 1) // 2)


def missable(count: int) -> int:
    """How many of so many words may be missing where no answer holds them all: the smaller half."""
    return count // 2


def fits(text: str, word: str) -> bool:
    """Whether a word of a search is found in a folded text; what the list does in SQL, for one text."""
    wanted, beginning = pairs(word), begins(word)
    if re.search(beginning, text) if beginning else word in text:
        return True
    return bool(wanted) and sum(pair in text for pair in wanted) >= needed(len(wanted))
