"""What pages of many rows share: the same output as the plain way, in both languages, and nothing left unescaped."""

from __future__ import annotations

import html
import re
from functools import partial

import pytest
from flask import Flask, url_for
from flask_babel import lazy_gettext as _l
from jinja2 import DictLoader, pass_context, pass_environment
from markupsafe import Markup, escape

from app.core import i18n, rendering
from app.core.words import LANGUAGES

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


@pytest.mark.parametrize(
    "value", ["<a b='c' d=\"e\">&", Markup("<b>&amp;</b>"), 7, 1.5, None, _l("Age & more")], ids=repr
)
def test_an_output_is_what_markupsafe_would_write(app: Flask, value: object) -> None:
    """As a browser reads it: the standard library names the quotes, MarkupSafe numbers them."""
    found = drawn(app, "{{ value }}", value=value)
    assert html.unescape(found) == html.unescape(str(escape(value)))
    assert "<a" not in found
    assert drawn(app, "{% autoescape false %}{{ value }}{% endautoescape %}", value=value) == str(value)


@pytest.mark.parametrize(("name", "expected"), [("x.html", "&lt;"), ("x.txt", "<")])
def test_only_pages_escape(app: Flask, name: str, expected: str) -> None:
    templates = app.jinja_env.overlay(loader=DictLoader({name: "{{ value }}"}))
    assert templates.get_template(name).render(value="<") == expected


def test_a_macro_gives_markup_to_its_caller(app: Flask) -> None:
    source = "{% macro m(text) %}<i>{{ text }}</i>{% endmacro %}{% set x %}{{ m(given) }}{{ given }}{% endset %}{{ x }}"
    assert drawn(app, source, given="<") == "<i>&lt;</i>&lt;"


def test_numbers_in_words_keep_their_form(app: Flask) -> None:
    with i18n.speaking("en"):
        assert drawn(app, "{{ ngettext('%(num)d min ago', '%(num)d min ago', 3) }}") == "3 min ago"


def test_a_count_in_words_is_grouped(app: Flask) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        assert drawn(app, "{{ ngettext('%(num)s order', '%(num)s orders', 20134) }}") == "20,134 orders"


def test_options_are_escaped_and_one_is_chosen() -> None:
    options = [{"value": 1, "label": "<a>"}, {"value": 2, "label": Markup("<i>b</i>"), "disabled": True}]
    expected = '<option value="1" selected>&lt;a&gt;</option><option value="2" disabled><i>b</i></option>'
    assert rendering.option_tags(options, "1") == expected
    assert rendering.option_tags(options, "2").count("selected") == 1


def test_groups_of_options_stand_in_the_order_they_come_in() -> None:
    options = [{"value": n, "label": n, "group": day} for n, day in enumerate(("周三", "周四", "周三", "周一", ""))]
    found = re.findall(r'label="(..)"|value="(\d)"', rendering.option_tags(options, ""))
    assert ["".join(each) for each in found] == ["4", "周三", "0", "2", "周四", "1", "周一", "3"]


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
        for tag in LANGUAGES:
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


def test_a_call_gives_what_the_callable_asks_for(app: Flask) -> None:
    """Only what bears one of Jinja's marks is handed more than its arguments."""

    def plain(*given: object) -> str:
        return f"{len(given)}{given[-1]}"

    wanting = {each.__name__: each(partial(plain)) for each in (pass_context, pass_environment)}
    source = (
        "{{ plain('a') }} {{ bound(sep) }} {{ pass_context('b') }} {{ pass_environment('c') }} {{ kept(plain)('d') }}"
    )
    assert drawn(app, source, plain=plain, bound="{}".format, sep="-", **wanting) == "1a - 2b 2c 1d"


def test_the_context_a_callable_gets_knows_the_loop(app: Flask) -> None:
    seen = pass_context(lambda context: context["here"])
    assert drawn(app, "{% for each in (1, 2) %}{% set here = each %}{{ seen() }}{% endfor %}", seen=seen) == "12"
