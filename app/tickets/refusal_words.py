"""What a refusal says in one sentence, where many stand together."""

from __future__ import annotations

from flask_babel.speaklater import LazyString

from app.core.errors import DomainError
from app.core.http import problems
from app.notifications import rendering


def in_both(refused: DomainError) -> dict[str, str]:
    """The sentence in each language, for an account that is read later."""
    return rendering.in_both(LazyString(sentence, refused))


def sentence(refused: DomainError) -> str:
    """The message, else the first sentence of a field, else what its status says."""
    return str(next(iter(refused.sentences), problems.DETAILS[refused.status]))
