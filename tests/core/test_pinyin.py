"""Initials and sort keys."""

from __future__ import annotations

import pytest

from app.core import pinyin


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("桃园3号楼", "ty3hl"),
        ("张三", "zs"),
        ("Building B12", "buildingb12"),
        ("重庆路", "cql"),
        ("４１２室", "412s"),
        ("Müller", "muller"),
        ("", ""),
        ("—·（）", ""),
    ],
)
def test_initials(text: str, found: str) -> None:
    assert pinyin.initials(text) == found


def test_surnames_are_read_as_surnames() -> None:
    assert pinyin.initials("曾小明", person=True) == "zxm"
    assert pinyin.sort_key("单雄信", person=True).startswith("shan ")
    assert pinyin.sort_key("尉迟恭", person=True) == "yu chi gong"


def test_sort_keys_order_by_pinyin_and_by_number() -> None:
    rooms = ["桃园10号", "桃园2号", "安园1号", "桃园2号附"]
    assert sorted(rooms, key=pinyin.sort_key) == ["安园1号", "桃园2号", "桃园2号附", "桃园10号"]


def test_long_and_rare_text_stays_bounded() -> None:
    assert len(pinyin.sort_key("张" * 500)) <= 200
    assert pinyin.sort_key("𠮷野") != ""
