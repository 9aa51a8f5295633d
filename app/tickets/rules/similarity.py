"""Whether two reports may speak of one fault: how alike their words are, in Chinese and in English.

Measured by the pairs of neighbouring characters two texts share (Jaccard), which needs no dictionary and no language:
the Chinese word and the English syllable are both about two characters. Place, category and age narrow what is
compared; the words decide. Nothing is merged or refused on it: it only makes a hint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.tickets.rules.grams import folded
from app.tickets.rules.states import TICKET_OPEN, TicketStatus

LIKENESS: Final = 0.3
"""From here on two texts are taken to be alike."""
RESOLVED_FOR: Final = timedelta(hours=48)
"""How long a repaired fault is still hinted at: whoever meets it again may not know that it was repaired."""
AT_MOST: Final = 5
"""More hints are not read."""


def bigrams(text: str) -> frozenset[str]:
    """The pairs of neighbouring letters and digits; punctuation and blanks part them."""
    plain = folded(text)
    return frozenset(
        plain[at : at + 2] for at in range(len(plain) - 1) if plain[at].isalnum() and plain[at + 1].isalnum()
    )


def likeness(one: str, other: str) -> float:
    """Shared pairs ÷ all pairs, 0 … 1; two texts without any pair are alike only where they are the same."""
    first, second = bigrams(one), bigrams(other)
    if not first or not second:
        return 1.0 if folded(one).strip() and folded(one).split() == folded(other).split() else 0.0
    return len(first & second) / len(first | second)


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says: its words, and the name of its category in each language."""

    words: str
    category: Mapping[str, str]

    @property
    def whole(self) -> str:
        """Category and words together: reports of one category are alike unless their words are many and differ."""
        return "\n".join((*self.category.values(), self.words))


def alike(one: Report, other: Report) -> float:
    """The likeness of two reports: of their words alone, or with the names of their categories, whichever is more."""
    said = likeness(one.words, other.words) if one.words.strip() and other.words.strip() else 0.0
    return max(said, likeness(one.whole, other.whole))


def joinable(status: TicketStatus, resolved_at: datetime | None, now: datetime) -> bool:
    """Whether a ticket is hinted at and can be joined: open, or resolved a short time ago."""
    if status is TicketStatus.RESOLVED:
        return resolved_at is not None and now - resolved_at < RESOLVED_FOR
    return status in TICKET_OPEN
