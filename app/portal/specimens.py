"""What the page of components shows in charts, grids, boards and conversations: invented, and the same every time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask_babel import gettext

from app.core import almanac, charts, i18n
from app.core.charts import Band, Figure, Frame, Series, Span
from app.tickets.clock_words import ClockLine, Panel
from app.tickets.due_words import Promise
from app.tickets.order_words import Chip

_DAY = date(2026, 11, 23)
_MONTHS = ("1 月", "2 月", "3 月", "4 月", "5 月", "6 月", "7 月", "8 月", "9 月", "10 月", "11 月", "12 月")
_TRADES = ("给排水", "电工", "木工", "门锁", "暖通")
_MEASURED: tuple[float | None, ...] = (52, 49, 55, 51, 47, 53, None, None, 50, 44, 46, 43, 41, 45)
_EXPECTED = (52, 51, 53, 52, 50, 52, 51, 52, 51, 50, 51, 50, 49, 50)


def of(theme: str) -> dict[str, Any]:
    """Everything the template needs for one theme; the theme's name makes the ids of its charts its own."""
    return {
        "charts": [(heading, make(f"{theme}-{place}", heading)) for place, (heading, make) in enumerate(_charts())],
        "months": almanac.year(2026, _marks(), today=_DAY, usual=_weekend, start=9)[:4],
        "month_names": (*_MONTHS[8:], *_MONTHS[:8])[:4],
        "weekdays": i18n.short_weekdays(),
        "key": [
            ("holiday", gettext("Holiday"), "休", False),
            ("work", gettext("Make-up workday"), "班", False),
            ("exam", gettext("Exams"), "", False),
            ("off", gettext("Weekend"), "–", False),
            ("holiday", gettext("Estimated, not announced yet"), "?", True),
        ],
        "days": [
            {
                "label": i18n.format_weekday(_DAY + timedelta(days=n)),
                "date": i18n.format_day(_DAY + timedelta(days=n)),
                "today": n == 0,
                "off": n > 4,
            }
            for n in range(7)
        ],
        "people": _people(),
        "columns": _columns(theme),
        "talk": _talk(),
        "clocks": _clocks(theme == "dark"),
        "promises": _promises(),
    }


def _clocks(other: bool) -> Panel:
    """One clock that runs late, one that stands still, one that was kept; `other` makes their ids the theme's own."""
    first = 4 if other else 1
    trail = [
        {
            "time": "11:00",
            "iso": "2026-11-23T03:00:00Z",
            "day": "周一 11月23日",
            "title": "暂停：等配件",
            "who": "",
            "text": "无时限",
        },
        {
            "time": "09:00",
            "iso": "2026-11-23T01:00:00Z",
            "day": "周一 11月23日",
            "title": "开始计时：报修已提交",
            "who": "",
            "text": "",
        },
    ]
    return Panel(
        [
            ClockLine(
                first,
                "到场",
                "W26-000077",
                "正在计时，已过时限。",
                [("目标", "1 个工作日"), ("到期", "今天 12:00")],
                Chip("超时 20 分", "late", "clock"),
                excused=True,
            ),
            ClockLine(
                first + 1,
                "修复",
                "",
                "11:00 起暂停：等配件。",
                [("目标", "3 个工作日"), ("已用", "2 小时")],
                Chip("已暂停", "hold", "pause"),
                trail=trail,
            ),
            ClockLine(
                first + 2,
                "首次响应",
                "",
                "守约：09:10 停表，还剩 3 小时工作时间。",
                [("目标", "4 小时")],
                Chip("守约", "good", "check"),
            ),
        ]
    )


def _promises() -> list[Promise]:
    """One that was moved, one that was not kept."""
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    moved = ("原答复 11月23日 12:00 前。", "我们等过你的答复，等待的时间已顺延。")
    return [
        Promise(at, "今天 18:00 前", False, None, moved, False),
        Promise(at, "昨天 18:00 前", True, None, (), False, "全校停水抢修"),
    ]


def _charts() -> tuple[tuple[str, Callable[[str, str], Figure]], ...]:
    return (
        (gettext("Water per day"), _water),
        (gettext("Requests by trade"), _by_trade),
        (gettext("Filed and finished"), _filed),
        (gettext("Finished, by how"), _finished),
        (gettext("Requests by weekday"), _by_weekday),
        (gettext("Longest waits"), _waits),
        (gettext("Shifts today"), _shifts),
    )


def _frame(id_: str, title: str, across: str, unit: str = "", digits: int = 0) -> Frame:
    return Frame(id_, title, across=across, unit=unit, show=lambda value: i18n.format_number(value, digits))


def _water(id_: str, title: str) -> Figure:
    band = Band("90 %", [value - 5 for value in _EXPECTED], [value + 5 for value in _EXPECTED])
    series = [
        Series(gettext("measured"), _MEASURED, "measured"),
        Series(gettext("expected"), _EXPECTED, "expected"),
    ]
    labels = [i18n.format_day(_DAY - timedelta(days=13 - n)) for n in range(14)]
    return charts.lines(_frame(id_, title, gettext("Day"), "m³"), labels, series, band=band, target=("目标 48", 48))


def _by_trade(id_: str, title: str) -> Figure:
    frame = _frame(id_, title, gettext("Trade"))
    return charts.bars(frame, _TRADES, [Series(gettext("Requests"), (128, 96, 41, 37, 12))])


def _filed(id_: str, title: str) -> Figure:
    series = [
        Series(gettext("filed"), (42, 38, 51, 47, 33, 12, 9)),
        Series(gettext("finished"), (40, 41, 44, 52, 36, 8, 6)),
    ]
    labels = [i18n.format_weekday(_DAY + timedelta(days=n)) for n in range(7)]
    return charts.bars(_frame(id_, title, gettext("Day")), labels, series)


def _finished(id_: str, title: str) -> Figure:
    series = [
        Series("一次修好", (96, 71, 33, 30, 9), "k-good"),
        Series("返修", (8, 6, 4, 1, 0), "k-soon"),
        Series("超时", (12, 9, 2, 3, 2), "k-late"),
    ]
    return charts.stacked(_frame(id_, title, gettext("Trade")), _TRADES, series)


def _by_weekday(id_: str, title: str) -> Figure:
    weekdays = [i18n.format_weekday(_DAY + timedelta(days=n)) for n in range(7)]
    places = ("桃园 3 号楼", "第一教学楼", "图书馆", "东区食堂")
    rows = [(place, [float((day * 7 + n * 5) % 13) for day in range(7)]) for n, place in enumerate(places)]
    return charts.heat(_frame(id_, title, gettext("Building")), weekdays, rows)


def _waits(id_: str, title: str) -> Figure:
    items = [("桃园 3 号楼 4 层东侧公共卫生间", 52.5, "k-late"), ("第一教学楼", 31, "k-soon"), ("图书馆", 8, "")]
    return charts.ranks(_frame(id_, title, gettext("Place"), gettext("h"), 1), items)


def _shifts(id_: str, title: str) -> Figure:
    marks = [(float(hour), f"{hour:02d}:00") for hour in range(0, 25, 4)]
    rows = [
        ("王师傅 · 水电一班", [Span(8, 12, "08:00–12:00", "k1"), Span(13.5, 17.5, "13:30–17:30 桃园 3 漏水", "k1")]),
        ("陈师傅 · 夜班", [Span(0, 8, "00:00–08:00", "k3"), Span(22, 24, "22:00–", "k3")]),
        ("李师傅", []),
    ]
    return charts.lanes(_frame(id_, title, gettext("Person")), marks, rows, now=14.2)


def _marks() -> dict[date, almanac.Mark]:
    holiday = {
        date(2026, 10, day): almanac.Mark("holiday", "国庆节", sign="休?" if day > 5 else "休", guess=day > 5)
        for day in range(1, 8)
    }
    made_up = almanac.Mark("work", "调休上班", sign="班")
    work = {date(2026, 9, 27): made_up, date(2026, 10, 10): made_up}
    exams = {date(2026, 11, day): almanac.Mark("exam", "期中考试", "#top") for day in range(9, 14)}
    return holiday | work | exams


def _weekend(day: date) -> almanac.Mark | None:
    return almanac.Mark("off", gettext("Weekend"), sign="–") if day.weekday() > 4 else None


def _people() -> list[dict[str, Any]]:
    day = [{"text": "08:00–17:00"}]
    night = [{"text": "22:00–08:00", "kind": "info", "small": "值班"}]
    away = [{"text": "请假", "kind": "hold"}]
    return [
        {"name": "王师傅", "sub": "水电一班", "url": "#top", "cells": [day, day, day, day, day, [], []]},
        {"name": "陈师傅", "sub": "水电一班", "cells": [night, night, [], [], night, night, []]},
        {"name": "李师傅", "sub": "电工班", "cells": [away, away, day, [*day, *night], day, [], []]},
    ]


def _columns(theme: str) -> list[dict[str, Any]]:
    told = "" if theme == "light" else "（深色）"  # landmarks of one page have names of their own
    leak = {
        "number": "W26-024817",
        "url": "#top",
        "title": "四层东侧立管疑似漏水",
        "place": "桃园 3 号楼 4F 东 · 给排水",
        "urgent": "紧急",
        "due": {"state": "late", "clock": "派工", "minutes": 12, "raw": 732},
        "left": "未派",
        "right": "6 时 12 分",
        "cursor": True,
    }
    slow = {
        "number": "W26-024826",
        "url": "#top",
        "title": "洗手池下水很慢",
        "place": "竹园 2 号楼 315 · 给排水",
        "due": {"state": "soon", "clock": "派工", "minutes": 16},
        "left": "未派",
        "right": "14 分",
    }
    light = {
        "number": "W26-024830",
        "url": "#top",
        "title": "走廊长明灯，白天也亮",
        "place": "第二教学楼 3F · 电工",
        "due": {"state": "ok", "clock": "修复", "at": "16:40"},
        "left": "→ 赵师傅",
        "right": "待接 7 分",
    }
    lift = {
        "number": "W26-024610",
        "url": "#top",
        "title": "电梯呼叫面板失灵",
        "place": "行政楼 · 外委",
        "due": {"state": "paused", "clock": "修复", "reason": "等配件"},
        "left": "待配件",
        "right": "2 天 3 时",
    }
    return [
        {"id": f"{theme}-queued", "name": f"待派{told}", "count": 2, "late": "1 张超时", "slips": [leak, slow]},
        {"id": f"{theme}-offered", "name": f"待接单{told}", "count": 1, "slips": [light]},
        {"id": f"{theme}-hold", "name": f"挂起{told}", "count": 1, "slips": [lift]},
        {"id": f"{theme}-working", "name": f"处理中{told}", "count": 0, "slips": []},
        {"name": "待验收", "count": 6, "folded": True, "url": "#top"},
    ]


def _talk() -> list[dict[str, Any]]:
    return [
        {"day": "11 月 22 日", "who": "王师傅", "at": "13:32", "text": "我两点半左右到，方便吗？"},
        {
            "day": "11 月 22 日",
            "who": "你",
            "at": "13:38",
            "text": "两点有课，三点可以吗？进屋也行",
            "mine": True,
            "seen": "13:40 已读",
        },
        {"day": "11 月 22 日", "kind": "event", "text": "改约到 15:00", "at": "13:41"},
        {"day": "11 月 23 日", "kind": "inner", "who": "调度 周老师", "at": "08:05", "text": "需要带 35 mm 阀芯。"},
    ]
