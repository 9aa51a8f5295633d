"""Every kind has its sentences, in both languages, and nothing in them is taken for markup."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.core import i18n
from app.core.words import LANGUAGES
from app.notifications import rendering
from app.notifications.rules import addresses, kinds
from tests.factories.notifications import DATA

FOLDER = Path(__file__).resolve().parents[2] / "app" / "templates" / "notifications"


def test_no_folder_without_a_kind() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(kinds.BY_CODE)


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("code", sorted(kinds.BY_CODE))
def test_every_kind_speaks(app: Flask, code: str, tag: str) -> None:
    with app.test_request_context("/"), i18n.speaking(tag):
        letter = rendering.letter(code, DATA, name="林同学", link="http://127.0.0.1/tickets/1")
        line = rendering.line(code, DATA)
    for text in (letter.subject, line):
        assert text
        assert "\n" not in text
        assert "None" not in text
        assert "%(" not in text
        if tag == "zh-CN":
            assert "。 " not in text
    assert "林同学" in letter.text
    assert "http://127.0.0.1/tickets/1" in letter.text
    assert f'lang="{tag}"' in letter.html


def test_markup_in_values_stays_text(app: Flask) -> None:
    nasty = DATA | {"category": {"en": "<svg onload=alert(1)>", "zh-CN": "{{7*7}}"}, "place": "'><script>"}
    with app.test_request_context("/"), i18n.speaking("en"):
        letter = rendering.letter("ticket-resolved", nasty, name="<b>", link=None)
    assert "<svg" not in letter.html
    assert "<script" not in letter.html
    assert "&lt;b&gt;" in letter.html
    assert "<svg onload=alert(1)>" in letter.text
    with app.test_request_context("/"), i18n.speaking("zh-CN"):
        assert "{{7*7}}" in rendering.line("ticket-resolved", nasty)


def test_a_message_in_both_languages(app: Flask) -> None:
    from flask_babel import lazy_gettext as _l

    with app.test_request_context("/"):
        assert set(rendering.in_both(_l("Sign out"))) == {"zh-CN", "en"}


@given(st.text(max_size=300))
def test_what_is_sendable_ends_no_header(address: str) -> None:
    if addresses.sendable(address):
        assert addresses.one_line(address)
        assert address.isascii()
        assert address.count("@") == 1
    assert "@" not in address or addresses.masked(address).endswith(address.rpartition("@")[2])


@pytest.mark.parametrize(
    ("address", "ok"),
    [
        ("lin@example.edu", True),
        ("a.b+c@mail.example.edu.cn", True),
        ("lin@example.edu\r\nBcc: x@y.z", False),
        ("lin@localhost", False),
        ("lin", False),
        ("@example.edu", False),
        ("a b@example.edu", False),
        ('"x"@example.edu', False),
        ("x" * 65 + "@example.edu", False),
        ("lin@" + "a." * 130 + "edu", False),
    ],
)
def test_addresses(address: str, ok: bool) -> None:
    assert addresses.sendable(address) is ok


def test_the_mask_hides_the_name() -> None:
    assert addresses.masked("lin@example.edu") == "l***@example.edu"
    assert addresses.masked("nothing") == "***"


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_mailbox_tells_what_was_not_taken_up_from_what_was_not_answered(app: Flask, tag: str) -> None:
    with app.test_request_context("/"), i18n.speaking(tag):
        respond, answer = (
            rendering.letter("feedback-late", DATA | {"step": step}, name="林", link=None).subject
            for step in ("respond", "answer")
        )
    assert respond != answer
    assert all(DATA["number"] in subject for subject in (respond, answer))
