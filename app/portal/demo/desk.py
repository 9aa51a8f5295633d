"""Answers and duty contacts of the demo campus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.actor import Actor
from app.portal.services import answers, contacts
from app.portal.services.answers import Written
from app.portal.services.contacts import Entry


@dataclass(frozen=True, slots=True)
class Text:
    """An answer: titles, lines of its text, other words for it, the faults it helps with."""

    zh: str
    en: str
    lines_zh: tuple[str, ...]
    lines_en: tuple[str, ...]
    keywords: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """A contact: its number, name, what for, hours (none: day and night), the code of its campus."""

    phone: str
    name: dict[str, str]
    purpose: dict[str, str]
    hours: dict[str, str]
    campus: str | None
    emergency: bool = False


ANSWERS = (
    Text(
        "水龙头滴水，先关角阀",
        "A tap drips: shut its valve first",
        (
            "水池下面有一个小阀门（角阀）。",
            "1. 顺时针拧紧角阀，水就停了。",
            "2. 用盆接住余水，擦干地面。",
            "3. 再来报修，师傅会更换阀芯。",
            "角阀拧不动不要硬拧。",
        ),
        (
            "There is a small valve under the basin.",
            "1. Turn it clockwise until the water stops.",
            "2. Catch the rest in a bowl and dry the floor.",
            "3. Then report it; the crew changes the cartridge.",
            "Do not force a valve that does not turn.",
        ),
        "漏水 滴水 角阀 水池 leak leaking dripping faucet basin",
        ("tap-leak",),
    ),
    Text(
        "下水慢，先清地漏和水封",
        "Slow drain: clear the strainer",
        (
            "1. 戴手套取出地漏盖，清掉头发。",
            "2. 倒一盆热水冲一冲（不要用开水）。",
            "3. 还是慢就报修，不要倒强酸强碱。",
        ),
        (
            "1. Take the cover off with gloves and clear the hair.",
            "2. Pour a bowl of hot (not boiling) water.",
            "3. Still slow? Report it; no acids please.",
        ),
        "堵 地漏 下水道 反味 blocked clogged sink shower smell",
        ("drain-blocked",),
    ),
    Text(
        "整间宿舍没电，先看空气开关",
        "No power in the room: look at the breaker",
        (
            "1. 拔掉大功率电器。",
            "2. 打开门边配电箱，把跳下的开关先拉到底再推上去。",
            "3. 马上又跳：别再推，直接报修。",
            "- 余额用完也会断电，请先查电费。",
        ),
        (
            "1. Unplug strong appliances.",
            "2. Open the box beside the door; pull the tripped switch down, then push it up.",
            "3. It trips again at once: leave it and report it.",
            "- Power also goes off when the prepaid balance is used up.",
        ),
        "跳闸 断电 停电 空开 电费 outage electricity socket fuse tripped",
        (
            "socket",
            "lamp",
        ),
    ),
    Text(
        "灯不亮，先试开关和灯管",
        "A lamp is out: two quick checks",
        (
            "1. 试一下同一开关的其他灯。",
            "2. 灯管两头发黑就是坏了，报修时写明“灯管”。",
            "不要自己上桌子换。",
        ),
        (
            "1. Try the other lamps of the same switch.",
            "2. Black ends mean the tube is worn: say “tube” in the report.",
            "Please do not climb on a table.",
        ),
        "灯管 镇流器 启动器 light bulb tube flicker",
        ("lamp",),
    ),
    Text(
        "空调不凉，先清滤网",
        "The air conditioner does not cool: clean its filter",
        (
            "1. 关机，打开面板，取出滤网。",
            "2. 清水冲净，晾干装回。",
            "3. 调到制冷 26 度，等十分钟。",
            "还是不凉或者漏水，请报修。",
        ),
        (
            "1. Switch it off, open the front and take the filter out.",
            "2. Rinse it, let it dry, put it back.",
            "3. Set it to cooling at 26 °C and wait ten minutes.",
            "Still warm, or dripping? Report it.",
        ),
        "制冷 滤网 遥控器 AC cooling remote filter",
        (
            "ac-cold",
            "ac-drip",
        ),
    ),
    Text(
        "暖气片不热，先开阀放气",
        "A cold radiator: open the valve, let the air out",
        (
            "1. 看进水阀是否开到底。",
            "2. 用毛巾垫着，慢慢拧开放气阀，出水就拧紧。",
            "3. 上热下凉或整栋不热，请报修。",
        ),
        (
            "1. See whether the valve is fully open.",
            "2. Hold a towel below and open the vent slowly; shut it when water comes.",
            "3. Cold below, or in the whole building? Report it.",
        ),
        "供暖 放气 阀门 heating heater warm",
        ("radiator",),
    ),
    Text(
        "连不上校园网，五步自查",
        "No network: five checks",
        (
            "1. 网线两头拔下来再插紧，看网口灯亮不亮。",
            "2. 关掉代理和热点。",
            "3. 打开认证页面重新登录。",
            "4. 换一台设备试试。",
            "5. 问问隔壁：都不行就是线路问题，请报修。",
        ),
        (
            "1. Pull the cable and push it in again; is the lamp on?",
            "2. Switch off proxies and hotspots.",
            "3. Sign in again on the network's page.",
            "4. Try another device.",
            "5. Ask next door: if nobody is online, report it.",
        ),
        "断网 WiFi 无线 认证 路由器 campus network internet Wi-Fi wireless router sign-in slow",
        (
            "no-network",
            "slow-network",
        ),
    ),
    Text(
        "没有热水，先看供应时间",
        "No hot water: look at the hours",
        (
            "- 供应时间：6:00–8:30，17:00–23:30。",
            "- 先放水两分钟，管道里的凉水放完才热。",
            "在供应时间里整层都没有，请报修。",
        ),
        (
            "- Hours: 6:00–8:30 and 17:00–23:30.",
            "- Let it run for two minutes: the pipe is full of cold water.",
            "None on the whole floor within the hours? Report it.",
        ),
        "洗澡 热水器 水温 shower bath boiler",
        ("no-hot-water",),
    ),
    Text(
        "马桶一直流水",
        "The toilet does not stop running",
        (
            "1. 打开水箱盖，提一下浮球，看水停不停。",
            "2. 关上旁边的角阀先止水。",
            "3. 报修，写明“水箱”。",
        ),
        (
            "1. Lift the lid and the float: does the water stop?",
            "2. Shut the valve beside it.",
            "3. Report it and say “cistern”.",
        ),
        "水箱 浮球 冲水 flush cistern running",
        ("toilet",),
    ),
    Text(
        "门锁打不开怎么办",
        "The door does not open",
        (
            "1. 钥匙全插到底，门往里拉紧再拧。",
            "2. 不要加油，也不要撬。",
            "3. 人在门外：打值班电话，师傅会带工具来，请带学生证。",
        ),
        (
            "1. Push the key in fully, pull the door tight, then turn.",
            "2. No oil, no force.",
            "3. Locked out? Call the duty desk; bring your student card.",
        ),
        "钥匙 开锁 反锁 key locked out lock",
        (
            "lock",
            "door-hinge",
        ),
    ),
    Text(
        "水压小，先清水嘴滤网",
        "Low pressure: clean the aerator",
        (
            "1. 拧下水龙头出水口的小滤网。",
            "2. 冲掉沙子再装回。",
            "3. 早晚高峰水压低属正常；全天都小请报修。",
        ),
        (
            "1. Unscrew the small strainer of the tap.",
            "2. Rinse the sand out, put it back.",
            "3. Lower pressure at peak hours is usual; all day is not: report it.",
        ),
        "水小 滤网 水压 weak water flow tap",
        ("low-pressure",),
    ),
    Text(
        "哪些电器宿舍里不能用",
        "What may not be used in a dormitory",
        (
            "不能用：电热锅、电热毯、电磁炉、无 3C 的插线板、1000 W 以上的吹风机。",
            "- 检查时发现会暂存，离校时领回。",
            "- 拿不准就问服务台。",
        ),
        (
            "Not allowed: electric cookers, heated blankets, induction plates, hair dryers above 1000 W.",
            "- What is found is kept until you leave.",
            "- Not sure? Ask the desk.",
        ),
        "违规电器 功率 插线板 forbidden appliances kettle cooker dorm",
        (),
    ),
)

CONTACTS = (
    Number(
        "8120 0000",
        {"zh-CN": "后勤 24 小时值班", "en": "Facilities duty desk"},
        {"zh-CN": "漫水、燃气味、电梯困人", "en": "flooding, smell of gas, stuck lift"},
        {},
        None,
        emergency=True,
    ),
    Number(
        "8120 0110",
        {"zh-CN": "保卫处报警", "en": "Campus security"},
        {"zh-CN": "火情、人身安全", "en": "fire, danger to people"},
        {},
        None,
        emergency=True,
    ),
    Number(
        "8120 0211",
        {"zh-CN": "南校区水电维修", "en": "Water and power, south campus"},
        {"zh-CN": "非紧急的水电问题", "en": "water and power, not urgent"},
        {"zh-CN": "8:00–22:00", "en": "8:00–22:00"},
        "S",
    ),
    Number(
        "8120 0212",
        {"zh-CN": "北校区水电维修", "en": "Water and power, north campus"},
        {"zh-CN": "非紧急的水电问题", "en": "water and power, not urgent"},
        {"zh-CN": "8:00–22:00", "en": "8:00–22:00"},
        "N",
    ),
    Number(
        "8120 0300",
        {"zh-CN": "宿舍管理科", "en": "Dormitory office"},
        {"zh-CN": "调宿、钥匙、家具", "en": "rooms, keys, furniture"},
        {"zh-CN": "周一至周五 8:00–17:30", "en": "Mon–Fri 8:00–17:30"},
        None,
    ),
    Number(
        "8120 0400",
        {"zh-CN": "网络服务台", "en": "Network desk"},
        {"zh-CN": "校园网、认证", "en": "campus network, sign-in"},
        {"zh-CN": "每天 9:00–21:00", "en": "daily 9:00–21:00"},
        None,
    ),
    Number(
        "8120 0500",
        {"zh-CN": "电费水费咨询", "en": "Bills for water and power"},
        {"zh-CN": "充值、余额、退费", "en": "top-up, balance, refunds"},
        {"zh-CN": "周一至周五 8:30–17:00", "en": "Mon–Fri 8:30–17:00"},
        None,
    ),
)


def build(writer: Actor, places: Mapping[str, int], readers: Sequence[Actor], moment: datetime) -> None:
    """Answers with some votes, and the contacts."""
    began = moment - timedelta(days=60)
    for position, text in enumerate(ANSWERS):
        written = Written(
            title={"zh-CN": text.zh, "en": text.en},
            body={"zh-CN": "\n".join(text.lines_zh), "en": "\n".join(text.lines_en)},
            keywords=text.keywords,
            categories=text.categories,
            position=position,
            published=True,
        )
        made = answers.ANSWERS.write(written, actor=writer, now=began)
        for number, reader in enumerate(readers[: 3 + position * 5 % 11]):
            answers.vote(actor=reader, now=began, answer_id=made.id, helpful=number % 5 != position % 5)
    for position, number_of in enumerate(CONTACTS):
        entry = Entry(
            name=number_of.name,
            phone=number_of.phone,
            purpose=number_of.purpose,
            hours=number_of.hours,
            campus_id=places[number_of.campus] if number_of.campus else None,
            emergency=number_of.emergency,
            position=position,
        )
        contacts.CONTACTS.write(entry, actor=writer, now=began)
