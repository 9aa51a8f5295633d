"""The printed code of a sticker: read back to the hashes it stands for, however it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sites.rules import stickers


@given(st.binary(min_size=32, max_size=32))
def test_a_code_stands_for_its_hash(digest: bytes) -> None:
    code = stickers.code_of(digest)
    assert len(code) == stickers.LENGTH + 1
    first, after = stickers.hashes(code) or (b"", b"")
    assert first <= digest
    assert after is None or digest < after
    assert stickers.hashes(code.lower().replace(" ", "-")) == (first, after)


def test_letters_that_look_alike_are_the_same() -> None:
    assert stickers.hashes("o1i lo0") == stickers.hashes("011 100")


def test_the_last_code_has_none_after_it() -> None:
    assert stickers.hashes("ZZZ ZZZ") == (b"\xff\xff\xff\xfc", None)
    assert stickers.code_of(b"\xff" * 32) == "ZZZ ZZZ"


@pytest.mark.parametrize("typed", ["", "K7Q2M", "K7Q2MDX", "K7Q2MU", "K7Q 2M!", "桃园3栋412室"])
def test_what_is_no_code(typed: str) -> None:
    assert stickers.hashes(typed) is None
