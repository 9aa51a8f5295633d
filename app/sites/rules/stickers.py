"""The short code printed beside a sticker's QR code, for whoever stands at the place and has no camera.

It is the first thirty bits of the stored hash of the sticker's secret, in Crockford's base 32: six characters that are
read aloud and typed without doubt. It shows that somebody signed in stands at the place; it opens no page and tells
nothing of the secret.
"""

from __future__ import annotations

from typing import Final

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 6
_BITS: Final = 5
_SPARE: Final = 32 - LENGTH * _BITS
"""Bits of the first four bytes that the code leaves out."""
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def code_of(digest: bytes) -> str:
    """The code of a sticker, by the hash of its secret, in two groups as it is printed: ``K7Q 2MD``."""
    number = int.from_bytes(digest[:4]) >> _SPARE
    letters = "".join(LETTERS[number >> _BITS * place & 31] for place in reversed(range(LENGTH)))
    return f"{letters[:3]} {letters[3:]}"


def hashes(typed: str) -> tuple[bytes, bytes | None] | None:
    """Between which hashes the sticker of a code lies: the first, and the first after (None: there is none after).

    None for what is no code. Upper and lower case, spaces and hyphens do not count; O is read as 0, I and L as 1.
    """
    letters = typed.upper().translate(_READ_AS)
    if len(letters) != LENGTH or any(letter not in LETTERS for letter in letters):
        return None
    number = 0
    for letter in letters:
        number = number << _BITS | LETTERS.index(letter)
    after = number + 1
    end = None if after >> LENGTH * _BITS else (after << _SPARE).to_bytes(4)
    return (number << _SPARE).to_bytes(4), end
