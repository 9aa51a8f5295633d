"""What people type to find an answer, in English and Chinese, over the answers of the demo campus."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.portal.demo.desk import ANSWERS
from app.portal.queries import answers as queries
from app.portal.rules import answers as rules
from tests.counting import counted
from tests.factories import accounts, desk

NET, TAP, HOT, LAMP = "No network", "A tap drips", "No hot water", "A lamp is out"
RADIATOR, LOCK, TOILET, POWER = "A cold radiator", "The door does not open", "The toilet", "No power in the room"
COOLER, DRAIN, DORM = "The air conditioner", "Slow drain", "What may not be used"

FIRST = {
    "campus network": NET,
    "Campus  Network?": NET,
    "networks": NET,
    "Wi-Fi": NET,
    "wifi": NET,
    "the internet is slow": NET,
    "leaking tap": TAP,
    "my tap is dripping!": TAP,
    "tap leaks": TAP,
    "hot water": HOT,
    "there is no hot water": HOT,
    "heating": RADIATOR,
    "cold radiators": RADIATOR,
    "locked out": LOCK,
    "keys": LOCK,
    "light bulbs": LAMP,
    "toilet keeps running": TOILET,
    "flushing": TOILET,
    "power outage": POWER,
    "AC not cooling": COOLER,
    "clogged sink": DRAIN,
    "kettles": DORM,
    "校园网": NET,
    "校园网，认证": NET,
    "校园网 密码": NET,
    "网络连不上": NET,
    "无线": NET,
    "水龙头漏水": TAP,
    "没有热水": HOT,
    "热水 什么时候": HOT,
    "暖气不热": RADIATOR,
    "钥匙 断了": LOCK,
    "灯管": LAMP,
    "马桶": TOILET,
    "跳闸": POWER,
    "空调不制冷": COOLER,
    "下水道堵了": DRAIN,
    "违规电器": DORM,
}


@pytest.fixture
def known(database: Session) -> None:
    for position, it in enumerate(ANSWERS):
        body = {"zh-CN": "\n".join(it.lines_zh), "en": "\n".join(it.lines_en)}
        desk.answer(it.zh, it.en, body=body, keywords=it.keywords, position=position)


def titles(q: str) -> list[str]:
    return [row.title["en"] for row in queries.find(q).items]


@pytest.mark.usefixtures("known")
def test_what_people_type_finds_the_answer_first() -> None:
    wrong = {q: titles(q)[:3] for q, wanted in FIRST.items() if not (titles(q) or [""])[0].startswith(wanted)}
    assert wrong == {}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "q",
    ["elevator", "zzz qqq", "电梯", "100%_", "elevator stuck since monday", "电梯 故障", "_", "%", "@", "！！"],
)
def test_what_no_answer_speaks_of_finds_none(q: str) -> None:
    assert titles(q) == []


@pytest.mark.usefixtures("known")
def test_an_answer_with_all_the_words_stands_alone_and_else_the_nearest_say_so(
    login: Callable[..., FlaskClient],
) -> None:
    """The nearest hold at least half of the words; that they do not hold all is said on the page."""
    assert all(row.missing == 0 for row in queries.find("hot water").items)
    (only,) = queries.find("router firmware").items
    assert (only.title["en"][: len(NET)], only.missing) == (NET, 1)
    client = login(accounts.person("student", locale="en"))
    note = "No answer holds all of these words"
    assert note in client.get("/answers?q=router+firmware").get_data(as_text=True)
    assert note not in client.get("/answers?q=hot+water").get_data(as_text=True)
    writer = login(accounts.person("supervisor", locale="en"))
    assert "No network" in writer.get("/answers/desk?q=router+firmware").get_data(as_text=True)
    assert "Nothing fits these words" in writer.get("/answers/desk?q=elevator").get_data(as_text=True)


@pytest.mark.usefixtures("known")
def test_pages_of_the_nearest_follow_each_other() -> None:
    whole = [row.id for row in queries.find("report firmware").items]
    assert len(whole) > 3
    first = queries.find("report firmware", limit=2)
    second = queries.find("report firmware", limit=50, cursor=first.next)
    assert [row.id for row in (*first.items, *second.items)] == whole
    with counted() as sent:
        queries.find("router firmware update")
    assert len(sent) == 2
    with counted() as sent:
        queries.find("router")
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("The tap is leaking!", ["tap", "leaking"]),
        ("what can I do", ["what", "can", "i", "do"]),
        ("不热，怎么办？", ["不热", "怎么办"]),
        ("Ｗｉ－Ｆｉ wi-fi", ["wi-fi"]),
        ("", []),
        ("...", ["..."]),
        ("?", ["?"]),
        (" ".join(f"w{n}" for n in range(20)), [f"w{n}" for n in range(8)]),
    ],
)
def test_the_words_of_a_search(typed: str, wanted: list[str]) -> None:
    assert rules.looked_for(typed) == wanted


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("leaks", ["leaks", "leak"]),
        ("leaking", ["leaking", "leak"]),
        ("dripping", ["dripping", "drip"]),
        ("batteries", ["batteries", "batter"]),
        ("switches", ["switches", "switch"]),
        ("wi-fi", ["wi-fi", "wifi"]),
        ("string", ["string"]),
        ("room's", ["room's", "room"]),
        ("gas", []),
        ("3c", []),
        ("热水", []),
    ],
)
def test_what_a_word_begins_with_where_it_is_found(word: str, wanted: list[str]) -> None:
    assert rules.beginnings(word) == wanted


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("locked out", "lock", True),
        ("blocked sink", "lock", False),
        ("校园网wifi 认证", "wi-fi", True),
        ("sltds lbsxyw", "xyw", True),
        ("a tap drips", "dripping", True),
    ],
)
def test_a_word_is_found_where_one_begins_like_it(text: str, word: str, found: bool) -> None:
    assert rules.fits(text, word) is found


_LETTERS = "abdeginkorst"


@given(st.text(alphabet=_LETTERS, min_size=1, max_size=14), st.text(alphabet=_LETTERS + " 网", max_size=30))
def test_a_word_fits_its_own_text(word: str, around: str) -> None:
    assert rules.fits(f"{around} {word}", word)
    assert rules.fits(f"网{word}{around}", word)
    assert all(len(each) >= 2 and each[:2] == word[:2] for each in rules.beginnings(word))
