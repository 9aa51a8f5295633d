"""Sentences one after the other: a blank between them in English, none in Chinese; templates do not put one there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import Markup

from app.core import i18n

TEMPLATES = Path(i18n.__file__).parents[1] / "templates"
_BLANK_BETWEEN = re.compile(
    r"[.?!]['\"](?:, [^}]*)?\) *\}\}(?:\{%[^%]*%\})* (?:\{%[^%]*%\})*\{\{ *(?:_|ngettext)\(['\"][A-Z%]"
)


@pytest.fixture(autouse=True)
def at_work(app: Flask) -> object:
    with app.test_request_context("/"):
        yield


@pytest.mark.parametrize(("tag", "gap"), [("en", " "), ("zh-CN", "")])
def test_a_blank_stands_between_english_sentences_alone(tag: str, gap: str) -> None:
    with i18n.speaking(tag):
        assert i18n.sentences(["甲。", "", None, "乙。"]) == f"甲。{gap}乙。"
        assert i18n.sentences([]) == ""
        assert i18n.sentences(["甲 <b>"]) == "甲 <b>"


def test_what_is_not_markup_is_escaped_beside_markup() -> None:
    with i18n.speaking("en"):
        said = i18n.sentences([Markup("<b>a.</b>"), "<i>"])
    assert isinstance(said, Markup)
    assert said == "<b>a.</b> &lt;i&gt;"


def test_no_template_puts_a_blank_between_two_sentences_of_the_catalogue() -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}: {match[0]}"
        for path in sorted(TEMPLATES.rglob("*.*"))
        for match in _BLANK_BETWEEN.finditer(path.read_text("utf-8"))
    ]
    assert found == [], "join them with the filter `sentences`"
