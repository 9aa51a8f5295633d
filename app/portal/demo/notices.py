"""The notices of the demo campus: an outage today where the student lives, others ahead and over, news, a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.actor import Actor
from app.portal.rules.notices import Content, Kind, Utility
from app.portal.services import notices


@dataclass(frozen=True, slots=True)
class Told:
    """One notice: hours from the moment of seeding to its publishing (None: a draft) and to the outage's ends."""

    kind: Kind
    zh: tuple[str, str]
    en: tuple[str, str]
    places: tuple[str, ...] = ()
    published: float | None = 0
    off: tuple[float, float] | None = None
    utility: Utility | None = None
    until: float | None = None
    roles: tuple[str, ...] = ()
    ended: bool = False


NOTICES = (
    Told(
        Kind.OUTAGE,
        ("桃园 1–4 号楼停水", "更换桃园泵房的总阀门。请提前储水，离开前关好水龙头。恢复后先放水一分钟。不用报修。"),
        (
            "No water in Taoyuan 1–4",
            "The main valve of the Taoyuan pump house is being changed. Keep some water and shut the taps before you "
            "leave. Let it run for a minute afterwards. No need to report it.",
        ),
        places=("TY1", "TY2", "TY3", "TY4"),
        published=-28,
        off=(-1, 4),
        utility=Utility.WATER,
    ),
    Told(
        Kind.OUTAGE,
        ("图书馆电梯停用", "年度检验。请走东侧楼梯；行动不便的读者请联系一楼服务台。"),
        (
            "Library lift out of service",
            "Yearly inspection. Please take the east stairs; if you cannot, ask at the desk on the ground floor.",
        ),
        places=("TS",),
        published=-20,
        off=(30, 36),
        utility=Utility.LIFT,
    ),
    Told(
        Kind.OUTAGE,
        ("北校区网络升级", "核心交换机升级，期间有线和无线网络都会中断。"),
        ("Network upgrade on the north campus", "The core switch is upgraded; cable and wireless are both off."),
        places=("N",),
        published=-6,
        off=(62, 66),
        utility=Utility.NETWORK,
    ),
    Told(
        Kind.INFORMATION,
        ("冬季供暖开始", "各楼已开始供暖。暖气片不热的，先看一下阀门是否开到底，再报修。"),
        ("Heating has begun", "All buildings are heated now. If a radiator stays cold, see whether its valve is open."),
        published=-70,
        until=400,
    ),
    Told(
        Kind.INFORMATION,
        ("桃园 3 号楼洗衣房换新机", "六台新洗衣机已启用，扫码使用。旧机本周撤走。"),
        ("New washing machines in Taoyuan 3", "Six new machines work, scan to use them. The old ones go this week."),
        places=("TY3",),
        published=-50,
        until=200,
    ),
    Told(
        Kind.INFORMATION,
        ("维修班组周会改到周四", "本周周会改到周四 8:00，地点不变。"),
        ("Crew meeting on Thursday this week", "The weekly meeting is on Thursday at 8:00, at the usual place."),
        published=-30,
        until=120,
        roles=("technician", "dispatcher", "dutylead", "supervisor"),
    ),
    Told(
        Kind.URGENT,
        ("南湖步道路灯故障，请绕行", "南湖步道东段路灯不亮，抢修中。晚上请走中心大道。"),
        (
            "Lake path is dark, take another way",
            "The lamps of the east part are out and being repaired. Take the main road.",
        ),
        places=("S",),
        published=-200,
        until=-150,
    ),
    Told(
        Kind.OUTAGE,
        ("桂园 1 号楼停电", "更换配电箱。"),
        ("No electricity in Guiyuan 1", "The distribution board is being changed."),
        places=("GY1",),
        published=-120,
        off=(-96, -93),
        utility=Utility.POWER,
    ),
    Told(
        Kind.INFORMATION,
        ("寒假留校登记", "需要留校的同学请在系统中登记。"),
        ("Staying over the winter holidays", "Whoever stays enters it in the system, please."),
        published=None,
        until=900,
    ),
)


def build(writer: Actor, places: Mapping[str, int], moment: datetime) -> None:
    """Write, publish and end them as of their own times; what is over by the moment is ended."""
    for told in NOTICES:
        published = moment + timedelta(hours=told.published or 0)
        written = notices.write(
            actor=writer, now=published - timedelta(minutes=20), content=_content(told, places, moment)
        )
        if told.published is None:
            continue
        notices.publish(actor=writer, now=published, notice_id=written.id, seen=None)
        if written.shown_until is not None and written.shown_until <= moment:
            notices.end_if_over(written.id, actor=Actor.system(writer.institution_id), now=written.shown_until)


def _content(told: Told, places: Mapping[str, int], moment: datetime) -> Content:
    def at(hours: float | None) -> datetime | None:
        found = None if hours is None else moment + timedelta(hours=hours)
        return found.replace(minute=0, second=0, microsecond=0) if found else None

    starts, ends = told.off or (None, None)
    return Content(
        kind=told.kind,
        utility=told.utility,
        title={"zh-CN": told.zh[0], "en": told.en[0]},
        body={"zh-CN": told.zh[1], "en": told.en[1]},
        starts_at=at(starts),
        ends_at=at(ends),
        shown_until=at(told.until),
        places=tuple(places[code] for code in told.places),
        roles=told.roles,
    )
