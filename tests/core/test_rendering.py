"""What pages of many rows share: the same output as the plain way, in both languages, and nothing left unescaped."""

from __future__ import annotations

import pytest
from flask import Flask, url_for
from markupsafe import Markup

from app.core import i18n, rendering

WORDS = "{{ _('Age') }}|{{ _('of %(num)s', num=num) }}|{{ ngettext('%(num)s order', '%(num)s orders', 2) }}"


def drawn(app: Flask, source: str, **given: object) -> str:
    return app.jinja_env.from_string(source).render(**given)


@pytest.fixture(autouse=True)
def at_work(app: Flask) -> object:
    with app.test_request_context("/"):
        yield


@pytest.mark.parametrize(("tag", "expected"), [("en", "Age|of 3|2 orders"), ("zh-CN", None)])
def test_words_follow_the_reader(app: Flask, tag: str, expected: str | None) -> None:
    with i18n.speaking("en"):
        english = drawn(app, WORDS, num=3)
    with i18n.speaking(tag):
        found = drawn(app, WORDS, num=3)
    assert found == expected if expected else found != english
    assert "3" in found


def test_variables_are_escaped_in_pages(app: Flask) -> None:
    with i18n.speaking("en"):
        assert drawn(app, "{{ _('of %(num)s', num=num) }}", num="<b>") == "of &lt;b&gt;"


def test_speaking_ends_with_its_block(app: Flask) -> None:
    with i18n.speaking("en"):
        with i18n.speaking("zh-CN"):
            assert i18n.locale() == "zh-CN"
        assert i18n.locale() == "en"


def test_per_language_says_each_once(app: Flask) -> None:
    asked: list[tuple[str, str]] = []

    @i18n.per_language
    def say(code: str) -> str:
        asked.append((i18n.locale(), code))
        return f"{i18n.locale()} {code}"

    for _time in range(2):
        for tag in i18n.LOCALES:
            with i18n.speaking(tag):
                assert say("a") == f"{tag} a"
    assert asked == [("zh-CN", "a"), ("en", "a")]


@pytest.mark.parametrize("others", [{}, {"cursor": "a b/ü"}])
def test_addresses_are_those_of_url_for(app: Flask, others: dict[str, str]) -> None:
    address = rendering.addresses("tickets.show", "ticket_id", **others)
    for each in (1, 2**63 - 1):
        assert address(each) == url_for("tickets.show", ticket_id=each, **others)


def test_a_kept_macro_tells_text_from_markup(app: Flask) -> None:
    source = "{% macro _m(text) %}<i>{{ text }}</i>{% endmacro %}{% set m = kept(_m) %}{{ m(plain) }}{{ m(marked) }}"
    assert drawn(app, source, plain="<b>", marked=Markup("<b>")) == "<i>&lt;b&gt;</i><i><b></i>"
