"""Words for a place: when two of them are the same, and how near they come to a place of the register."""

from __future__ import annotations

import unicodedata

from app.sites.rules.tree import fold

KEY_LIMIT = 200


def key(text: str) -> str:
    """What makes two names the same: letters and digits alone, without case, width, blanks and punctuation."""
    return "".join(char for char in unicodedata.normalize("NFKC", fold(text)) if char.isalnum())[:KEY_LIMIT]


def pieces(text: str) -> tuple[str, ...]:
    """The numbers in a text whole, by themselves and with the character behind them (3号 is not the 3 of 3层);
    everything else as pairs of neighbouring characters; each once, as they come."""
    plain, found, number = key(text), [], ""
    for at, char in enumerate(plain):
        if char.isdigit():
            number += char
            continue
        if number:
            found += [number, number + char]
            number = ""
        if at + 1 < len(plain) and not plain[at + 1].isdigit():
            found.append(plain[at : at + 2])
    return tuple(dict.fromkeys([*found, number] if number else found))


def nearness(said: str, path: str) -> float:
    """How much of what was said the way to a place holds, 0 … 1; what is said first (the building) weighs most.

    Of equals the shorter way is nearer.
    """
    wanted, there = pieces(said), set(pieces(path))
    if not wanted or not there:
        return 0.0
    weights = {piece: 1 / (1 + at / 4) for at, piece in enumerate(wanted)}
    held = sum(weight for piece, weight in weights.items() if piece in there)
    return held / sum(weights.values()) - len(there.difference(wanted)) / 1000
