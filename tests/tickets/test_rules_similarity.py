"""Which reports speak of one fault: labelled pairs in both languages, and the laws of the measure."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.tickets.rules import similarity
from app.tickets.rules.similarity import Report
from app.tickets.rules.states import TICKET_OPEN, TicketStatus

TAP = {"zh-CN": "水龙头漏水", "en": "Tap is leaking"}
BURST = {"zh-CN": "爆管 · 大量漏水", "en": "Burst pipe, flooding"}
LAMP = {"zh-CN": "走廊灯坏了", "en": "Corridor lamp is out"}
HOT = {"zh-CN": "没热水", "en": "No hot water"}
TOILET = {"zh-CN": "马桶不冲", "en": "Toilet does not flush"}
LIFT = {"zh-CN": "电梯困人", "en": "Stuck in a lift"}
AC = {"zh-CN": "空调不制冷", "en": "Air conditioner does not cool"}
DRAIN = {"zh-CN": "下水堵", "en": "Drain is blocked"}
DOOR = {"zh-CN": "门锁打不开", "en": "Door lock is stuck"}
WINDOW = {"zh-CN": "窗户关不上", "en": "Window does not close"}
SLOW = {"zh-CN": "网速慢", "en": "Network is slow"}
BED = {"zh-CN": "床板坏了", "en": "Bed board is broken"}

SAME = [
    (BURST, "三楼水房爆管了，地上都是水", BURST, "水房爆管，水流到走廊"),
    (BURST, "楼道里全是水", BURST, ""),
    (BURST, "一楼爆管，走廊全是水", BURST, "爆管了，水流到走廊"),
    (BURST, "水管爆了在喷水", BURST, "一楼水管爆了"),
    (TAP, "水龙头一直滴水", TAP, "水龙头滴水关不紧"),
    (TAP, "", TAP, ""),
    (LAMP, "四楼走廊灯坏了", LAMP, "走廊灯坏了两盏"),
    (AC, "空调不制冷", AC, "空调开了不制冷"),
    (HOT, "没有热水", HOT, "今天早上开始没有热水"),
    (TOILET, "马桶堵了", TOILET, "马桶一冲就满"),
    (BURST, "water everywhere, the pipe burst", BURST, "pipe burst, water is coming out"),
    (TAP, "the tap is dripping", TAP, "tap keeps dripping"),
    (LAMP, "corridor lamp is out", LAMP, "the lamp in the corridor is out"),
    (HOT, "no hot water since this morning", HOT, "there is no hot water"),
    (LIFT, "lift stuck on floor 3", LIFT, "the lift is stuck at floor 3"),
    (AC, "air conditioner does not cool", AC, "air conditioner not cooling"),
]
DIFFERENT = [
    (TAP, "水龙头一直滴水", TOILET, "马桶冲不下去"),
    (LAMP, "走廊灯坏了", DOOR, "钥匙转不动"),
    (HOT, "没有热水", DRAIN, "洗手池下水很慢"),
    (WINDOW, "窗户把手断了", DOOR, "门锁要抬一下才关得上"),
    (BED, "床板断了一根", DOOR, "钥匙断在锁里"),
    (TAP, "水龙头一直滴水", SLOW, "晚上网速很慢"),
    (BURST, "水管爆了", LIFT, "有人困在电梯里"),
    (TAP, "the tap is dripping", WINDOW, "the window does not close"),
    (HOT, "no hot water", LAMP, "the lamp does not light"),
    (DOOR, "door lock is stuck", BED, "chair leg is loose"),
    (SLOW, "slow in the evening", BED, "bed board is broken"),
    (
        TAP,
        "阳台洗衣机旁边的水龙头关不紧，夜里一直滴水吵得睡不着",
        TAP,
        "卫生间洗手池下面的冷水阀门渗水，流到柜子里发霉了",
    ),
    (BURST, "pipe burst in the corridor", LIFT, "two people stuck between floors"),
]


def score(pair: tuple[dict[str, str], str, dict[str, str], str]) -> float:
    category, words, other_category, other_words = pair
    return similarity.alike(Report(words, category), Report(other_words, other_category))


@pytest.mark.parametrize("pair", SAME, ids=lambda pair: f"{pair[1]}|{pair[3]}")
def test_reports_of_one_fault_are_alike(pair: tuple[dict[str, str], str, dict[str, str], str]) -> None:
    assert score(pair) >= similarity.LIKENESS


@pytest.mark.parametrize("pair", DIFFERENT, ids=lambda pair: f"{pair[1]}|{pair[3]}")
def test_reports_of_different_faults_are_not(pair: tuple[dict[str, str], str, dict[str, str], str]) -> None:
    assert score(pair) < similarity.LIKENESS


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_measure_is_symmetric_and_bounded(one: str, other: str) -> None:
    found = similarity.likeness(one, other)
    assert 0 <= found <= 1
    assert found == similarity.likeness(other, one)
    if similarity.bigrams(one):
        assert similarity.likeness(one, one) == 1


def test_what_can_be_joined() -> None:
    now = datetime.fromisoformat("2026-11-18T02:00:00+00:00")
    for status in TicketStatus:
        recent, old = now - timedelta(hours=47), now - timedelta(hours=48)
        resolved = status is TicketStatus.RESOLVED
        assert similarity.joinable(status, recent, now) is (resolved or status in TICKET_OPEN)
        assert similarity.joinable(status, old, now) is (status in TICKET_OPEN)
        assert similarity.joinable(status, None, now) is (status in TICKET_OPEN)
