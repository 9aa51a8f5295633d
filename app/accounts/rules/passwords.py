"""Which passwords are refused (reliability.md 6.2): too short, too long, or guessed by anyone who knows the person.

A guess list of millions is not needed: what such lists hold is a few words, names, years, rows of the keyboard and
repetitions. All of that is struck out; too little left over means guessable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal

Problem = Literal["too_short", "too_long", "guessable"]

MIN_LENGTH = 12
MAX_LENGTH = 200
MIN_LEFT_OVER = 6
"""Different characters that must be left when everything guessable is struck out."""

# fmt: off
COMMON_WORDS = (
    "administrator", "password", "passwort", "letmein", "iloveyou", "welcome", "sunshine", "princess", "football",
    "baseball", "dragon", "master", "monkey", "shadow", "superman", "batman", "trustno", "whatever", "freedom",
    "hello", "secret", "changeme", "default", "login", "access", "admin", "root", "test", "guest", "user",
    "campus", "university", "college", "school", "student", "teacher", "staff", "houqin", "dormitory", "repair",
    "woaini", "woaiwojia", "mima", "wodemima", "xuesheng", "laoshi", "daxue", "xuexiao", "beijing", "shanghai",
    "zhongguo", "china", "nihao", "asdasd", "aini", "love", "forever", "qwerty", "google", "wechat", "weixin",
)
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p", "!@#$%^&*()",
)
# fmt: on
_ALIKE = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_YEAR = re.compile(r"(?:19|20)[0-9]{2}(?:[01]?[0-9][0-3]?[0-9])?")
_REPEAT = re.compile(r"(.+?)\1+")
_ROW_LENGTH = 3


def problems(password: str, *, known: Iterable[str] = ()) -> tuple[Problem, ...]:
    """What is wrong with a password, nothing for a good one.

    `known` are words anybody can connect with the person: name, account name, numbers, phone.
    """
    if len(password) > MAX_LENGTH:
        return ("too_long",)
    found: list[Problem] = []
    if len(password) < MIN_LENGTH:
        found.append("too_short")
    if len(set(left_over(password, known))) < MIN_LEFT_OVER:
        found.append("guessable")
    return tuple(found)


def left_over(password: str, known: Iterable[str] = ()) -> str:
    """The password without words, names, years, rows of the keyboard and repetitions."""
    text = _fold(password)
    words = {part for each in known for part in re.split(r"[\s@._-]+", _fold(each)) if len(part) > 1}
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    text = _without_rows(_YEAR.sub(" ", text))
    alike = text.translate(_ALIKE)
    for word in sorted(COMMON_WORDS, key=len, reverse=True):
        while (at := alike.find(word)) >= 0:
            text = f"{text[:at]} {text[at + len(word) :]}"
            alike = text.translate(_ALIKE)
    return _REPEAT.sub(r"\1", text).replace(" ", "")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _without_rows(text: str) -> str:
    """Strike out runs of three or more along a row of the keyboard or the alphabet, in either direction."""
    kept: list[str] = []
    start = 0
    while start < len(text):
        length = max(_run(text[start:], row) for row in (*_ROWS, *(row[::-1] for row in _ROWS)))
        if length >= _ROW_LENGTH:
            kept.append(" ")
            start += length
        else:
            kept.append(text[start])
            start += 1
    return "".join(kept)


def _run(text: str, row: str) -> int:
    """How many characters from the beginning of `text` follow each other in `row`."""
    at = row.find(text[0])
    length = 0
    while at >= 0 and at + length < len(row) and length < len(text) and text[length] == row[at + length]:
        length += 1
    return length
