"""Trades and categories of the demo campus."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.db import db
from app.tickets.models import Category, Trade

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
    automatic: bool = True
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
            Fault("wall", "墙面地面破损", "Wall or floor is damaged", "civil", 90, "floor", automatic=False),
            Fault("road", "道路井盖", "Road or manhole", "civil", 90, "building", automatic=False),
        ),
    ),
    (
        "other",
        "其他",
        "Something else",
        "dots",
        (Fault("other", "别的", "Something else", "civil", 30, automatic=False),),
    ),
)

EMERGENCIES = (
    ("burst-pipe", "爆管 · 大量漏水", "Burst pipe, flooding", "plumbing", "building"),
    ("power-danger", "漏电 · 冒烟", "Electric danger, smoke", "electric", "campus"),
    ("lift", "电梯困人", "Stuck in a lift", "electric", "campus"),
)
DUTY_PHONE = "8120 0000"


def build() -> dict[str, Category]:
    """Write trades and categories; returns the reportable ones by code."""
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
                auto_dispatch=fault.automatic,
                planned_minutes=fault.minutes,
                impact=fault.impact,
                hints=hints,
            )
    db.session.add_all(leaves.values())
    db.session.flush()
    return leaves


def _heading(code: str, zh: str, en: str, icon: str, position: int) -> Category:
    heading = Category(code=code, name={"zh-CN": zh, "en": en}, icon=icon, position=position)
    db.session.add(heading)
    db.session.flush()
    return heading


def trade_ids() -> dict[str, int]:
    return {trade.code: trade.id for trade in db.session.query(Trade)}
