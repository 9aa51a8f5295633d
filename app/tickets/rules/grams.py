"""Two-character grams for the search: trigrams fail on two-character Chinese words (architecture, "Search")."""

import unicodedata
from typing import Final

MAX_TEXT: Final = 2000
"""How much of a text is searched, in characters."""


def folded(*parts: str | None) -> str:
    """The searched text: the parts on lines of their own, compatibility forms and letter case folded."""
    text = "\n".join(part for part in parts if part)
    return unicodedata.normalize("NFKC", text).casefold()[:MAX_TEXT]


def grams(text: str) -> list[str]:
    """The distinct pairs of neighbouring characters of a folded text, without those that hold white space."""
    pairs = {text[at : at + 2] for at in range(len(text) - 1)}
    return sorted(pair for pair in pairs if not any(char.isspace() for char in pair))


def terms(typed: str) -> list[str]:
    """The words of a search as typed, folded: all of them must occur."""
    return folded(typed).split()[:8]
