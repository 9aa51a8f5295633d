"""Trades and categories of the demo campus."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.core.actor import Actor
from app.core.db import current_institution, db
from app.sites.rules.worktime import Days, Target
from app.tickets.models import Category, Trade
from app.tickets.rules.questions import Kind, Option, Question
from app.tickets.rules.sla import Line
from app.tickets.rules.sla_policy import DEFAULT, TARGETS, Policy
from app.tickets.services import category_versions, clocks, sla_policies

TRADES = (
    ("plumbing", "给排水", "Plumbing"),
    ("electric", "电工", "Electrical"),
    ("carpentry", "木工门窗", "Carpentry and locks"),
    ("hvac", "暖通空调", "Heating and cooling"),
    ("network", "网络", "Network"),
    ("civil", "土建", "Building works"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that can be reported."""

    code: str
    zh: str
    en: str
    trade: str
    minutes: int = 30
    impact: str = "room"
    hint_zh: str | None = None
    hint_en: str | None = None


HEADINGS: tuple[tuple[str, str, str, str, tuple[Fault, ...]], ...] = (
    (
        "water",
        "水 · 管道",
        "Water and pipes",
        "drop",
        (
            Fault("tap-leak", "水龙头漏水", "Tap is leaking", "plumbing", 30),
            Fault("drain-blocked", "下水堵", "Drain is blocked", "plumbing", 40),
            Fault("toilet", "马桶不冲", "Toilet does not flush", "plumbing", 40),
            Fault("no-hot-water", "没热水", "No hot water", "plumbing", 45, "floor"),
            Fault("low-pressure", "水压低", "Low water pressure", "plumbing", 30, "floor"),
        ),
    ),
    (
        "power",
        "电 · 灯",
        "Power and light",
        "bolt",
        (
            Fault("lamp", "灯不亮", "Lamp does not light", "electric", 20),
            Fault(
                "socket",
                "插座没电",
                "Socket has no power",
                "electric",
                30,
                hint_zh="先看空气开关有没有跳闸。",
                hint_en="Look first whether the breaker has tripped.",
            ),
            Fault("switch", "开关坏了", "Switch is broken", "electric", 20),
            Fault("fan", "吊扇不转", "Ceiling fan does not turn", "electric", 30),
        ),
    ),
    (
        "door",
        "门窗 · 锁",
        "Doors, windows, locks",
        "door",
        (
            Fault("lock", "门锁打不开", "Door lock is stuck", "carpentry", 30),
            Fault("window", "窗户关不上", "Window does not close", "carpentry", 40),
            Fault("door-hinge", "门合页松了", "Door hinge is loose", "carpentry", 30),
            Fault("screen", "纱窗破了", "Fly screen is torn", "carpentry", 20),
        ),
    ),
    (
        "climate",
        "空调",
        "Heating and cooling",
        "fan",
        (
            Fault("ac-cold", "空调不制冷", "Air conditioner does not cool", "hvac", 60),
            Fault("ac-drip", "空调滴水", "Air conditioner drips", "hvac", 40),
            Fault("radiator", "暖气不热", "Radiator stays cold", "hvac", 45),
        ),
    ),
    (
        "furniture",
        "家具",
        "Furniture",
        "bed",
        (
            Fault("bed", "床板坏了", "Bed board is broken", "carpentry", 40),
            Fault("bunk", "床架松动", "Bunk bed is loose", "carpentry", 40),
            Fault("desk", "桌椅坏了", "Desk or chair is broken", "carpentry", 30),
            Fault("wardrobe", "柜门坏了", "Wardrobe door is broken", "carpentry", 30),
        ),
    ),
    (
        "network",
        "网络",
        "Network",
        "wifi",
        (
            Fault("no-network", "上不了网", "No network", "network", 30),
            Fault("slow-network", "网速慢", "Network is slow", "network", 30),
        ),
    ),
    (
        "public",
        "公共区域",
        "Public areas",
        "stairs",
        (
            Fault("corridor-lamp", "走廊灯坏了", "Corridor lamp is out", "electric", 20, "floor"),
            Fault("wall", "墙面地面破损", "Wall or floor is damaged", "civil", 90, "floor"),
            Fault("road", "道路井盖", "Road or manhole", "civil", 90, "building"),
        ),
    ),
    (
        "other",
        "其他",
        "Something else",
        "dots",
        (Fault("other", "其他", "Something else", "civil", 30),),
    ),
)

EMERGENCIES = (
    ("burst-pipe", "爆管 · 大量漏水", "Burst pipe, flooding", "plumbing", "building"),
    ("power-danger", "漏电 · 冒烟", "Electric danger, smoke", "electric", "campus"),
    ("lift", "电梯困人", "Stuck in a lift", "electric", "campus"),
)
DUTY_PHONE = "8120 0000"


def _both(zh: str, en: str) -> dict[str, str]:
    return {"zh-CN": zh, "en": en}


ASKED: dict[str, tuple[Question, ...]] = {
    "socket": (
        Question(
            code="danger",
            kind=Kind.YES_NO,
            label=_both("有没有冒烟、火花或焦糊味？", "Is there smoke, a spark or a burnt smell?"),
            required=True,
            stops_on="yes",
            stop=_both("请勿触碰，先拉下空气开关并离开。", "Do not touch it. Switch the breaker off and keep away."),
            phone=DUTY_PHONE,
        ),
        Question(
            code="which",
            kind=Kind.CHOICE,
            label=_both("哪些没电？", "What has no power?"),
            required=True,
            options=(
                Option("one", _both("一个插座", "One socket")),
                Option("wall", _both("一面墙", "One wall")),
                Option("room", _both("整个房间", "The whole room")),
            ),
        ),
    ),
    "no-hot-water": (
        Question(
            code="since",
            kind=Kind.NUMBER,
            label=_both("多久没有热水了？", "For how long has there been no hot water?"),
            unit=_both("小时", "hours"),
            low=0,
            high=720,
        ),
        Question(
            code="where",
            kind=Kind.SEVERAL,
            label=_both("哪些地方没有热水？", "Where is there none?"),
            options=(
                Option("shower", _both("淋浴", "Shower")),
                Option("basin", _both("洗手池", "Basin")),
                Option("next", _both("隔壁也没有", "Next door, too")),
            ),
        ),
    ),
    "wall": (
        Question(
            code="loose",
            kind=Kind.YES_NO,
            label=_both("有没有可能掉落砸到人？", "Could something fall on somebody?"),
            required=True,
        ),
        Question(
            code="size",
            kind=Kind.NUMBER,
            label=_both("大约多大？", "About how large?"),
            unit=_both("平方米", "m²"),
            low=0,
            high=500,
        ),
        Question(
            code="photo",
            kind=Kind.PHOTO,
            label=_both("照片能帮我们判断要带什么材料。", "A photo tells us what material to bring."),
        ),
    ),
}
"""What a few categories ask; most ask nothing, so that three taps file a report."""

LATE = "late"
LATE_NAME = _both("晚间与周末也服务", "Evenings and weekends, too")
_SOONER: dict[str, tuple[Target, Target, Target, Target, int]] = {
    "high": (30, 30, 90, Days(0), 60),
    "normal": (120, 30, 240, Days(1), 120),
    "low": (240, 120, Days(2), Days(5), 240),
}

RULES: dict[str, dict[str, Any]] = {
    "no-hot-water": {
        "sla_policy": LATE,
        "reply": _both(
            "热水由锅炉房统一供应，我们同时通知值班室检查。",
            "Hot water comes from the boiler house; we tell its duty room as well.",
        ),
    },
    "wall": {
        "demands": {
            "photo_after": True,
            "checklist": [
                _both("四周围挡或警示", "Fenced off or marked"),
                _both("现场清理完毕", "The place is left clean"),
            ],
        }
    },
    "screen": {"price_class": "fault"},
    "bunk": {"demands": {"third_party": True}},
    "no-network": {"sla_policy": LATE},
    "slow-network": {"impacts": {"building": "building"}, "sla_policy": LATE},
}
"""What some categories' versions say besides."""

ANSWERS: dict[str, dict[str, Any]] = {
    "socket": {"danger": False, "which": "one"},
    "no-hot-water": {"since": 6, "where": ["shower", "next"]},
    "wall": {"loose": False, "size": 0.5},
}
"""How the reporters of the demo history answer."""


def build(moment: datetime) -> dict[str, Category]:
    """Write trades and categories with their first versions; returns the reportable ones by code."""
    trades = {code: Trade(code=code, name={"zh-CN": zh, "en": en}) for code, zh, en in TRADES}
    db.session.add_all(trades.values())
    db.session.flush()
    leaves: dict[str, Category] = {}
    urgent = _heading("emergency", "紧急", "Emergency", "warning", 0)
    for position, (code, zh, en, trade, impact) in enumerate(EMERGENCIES):
        leaves[code] = Category(
            parent_id=urgent.id,
            code=code,
            name={"zh-CN": zh, "en": en},
            icon="warning",
            trade_id=trades[trade].id,
            position=position,
            emergency=True,
            emergency_phone=DUTY_PHONE,
            planned_minutes=60,
            impact=impact,
        )
    for place, (code, zh, en, icon, faults) in enumerate(HEADINGS, 1):
        heading = _heading(code, zh, en, icon, place)
        for position, fault in enumerate(faults):
            hints = {"zh-CN": fault.hint_zh, "en": fault.hint_en} if fault.hint_zh and fault.hint_en else None
            leaves[fault.code] = Category(
                parent_id=heading.id,
                code=fault.code if fault.code != code else f"{code}-else",
                name={"zh-CN": fault.zh, "en": fault.en},
                icon=icon,
                trade_id=trades[fault.trade].id,
                position=position,
                planned_minutes=fault.minutes,
                impact=fault.impact,
                hints=hints,
            )
    db.session.add_all(leaves.values())
    db.session.flush()
    system = Actor.system(current_institution())
    clocks.ensure(moment)
    sla_policies.create(actor=system, now=moment, code=LATE, name=LATE_NAME, content=_late())
    for code, category in leaves.items():
        asked = {"questions": [each.to_data() for each in ASKED[code]]} if code in ASKED else {}
        category_versions.write(category, actor=system, now=moment, **asked, **RULES.get(code, {}))
    return leaves


def _late() -> Policy:
    """A service level for what is missed most after class: sooner, and by the extended hours."""
    lines = dict(DEFAULT.lines)
    for priority, (*targets, floor) in _SOONER.items():
        lines[priority] = Line(hours="extended", targets=dict(zip(TARGETS, targets, strict=True)), floor=floor)
    return replace(DEFAULT, lines=lines)


def _heading(code: str, zh: str, en: str, icon: str, position: int) -> Category:
    heading = Category(code=code, name={"zh-CN": zh, "en": en}, icon=icon, position=position)
    db.session.add(heading)
    db.session.flush()
    return heading


def accepted_by_others(code: str) -> bool:
    """Whether another office accepts the work of a category."""
    return bool(RULES.get(code, {}).get("demands", {}).get("third_party"))


def trade_ids() -> dict[str, int]:
    return {trade.code: trade.id for trade in db.session.query(Trade)}
