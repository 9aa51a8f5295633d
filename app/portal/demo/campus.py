"""The places of the demo campus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.sites.services import NewPlace

ZONE = "Asia/Shanghai"
SOUTH, NORTH = "S", "N"


@dataclass(frozen=True, slots=True)
class House:
    """A building: its floors and the rooms on each; `kind` says what the rooms are."""

    code: str
    name: str
    campus: str
    floors: int
    rooms: int
    kind: str
    quarter: str | None = None


QUARTERS = (("S-TY", "桃园", SOUTH), ("S-ZY", "竹园", SOUTH), ("N-GY", "桂园", NORTH))

HOUSES = (
    *(House(f"TY{n}", f"桃园 {n} 号楼", SOUTH, 5, 8, "dorm", "S-TY") for n in range(1, 6)),
    *(House(f"ZY{n}", f"竹园 {n} 号楼", SOUTH, 4, 6, "dorm", "S-ZY") for n in range(1, 3)),
    *(House(f"GY{n}", f"桂园 {n} 号楼", NORTH, 4, 6, "dorm", "N-GY") for n in range(1, 4)),
    House("JX1", "第一教学楼", SOUTH, 4, 6, "class"),
    House("JX2", "第二教学楼", SOUTH, 3, 6, "class"),
    House("JX3", "第三教学楼", NORTH, 3, 5, "class"),
    House("SY", "实验楼", NORTH, 3, 5, "lab"),
    House("TS", "图书馆", SOUTH, 3, 3, "hall"),
    House("ST1", "第一食堂", SOUTH, 2, 2, "canteen"),
    House("ST2", "第二食堂", NORTH, 2, 2, "canteen"),
    House("XZ", "行政楼", SOUTH, 3, 5, "office"),
)

OUTDOOR = (
    ("S-OUT-LAKE", "南湖步道", SOUTH),
    ("S-OUT-FIELD", "南区田径场", SOUTH),
    ("N-OUT-GATE", "北区东门广场", NORTH),
)

_ROOM = {
    "dorm": "{} 室",
    "class": "{} 教室",
    "lab": "{} 实验室",
    "hall": "{} 阅览室",
    "canteen": "{} 厅",
    "office": "{} 室",
}


def places() -> Iterator[NewPlace]:
    """All places, parents before children."""
    yield NewPlace("campus", SOUTH, "南校区", zone_name=ZONE)
    yield NewPlace("campus", NORTH, "北校区", zone_name=ZONE)
    for code, name, campus in QUARTERS:
        yield NewPlace("zone", code, name, parent_code=campus)
    for code, name, campus in OUTDOOR:
        yield NewPlace("outdoor", code, name, parent_code=campus, public=True)
    for house in HOUSES:
        yield NewPlace("building", house.code, house.name, parent_code=house.quarter or house.campus)
        for level in range(1, house.floors + 1):
            floor = f"{house.code}-{level}F"
            yield NewPlace("floor", floor, f"{level} 层", parent_code=house.code)
            if house.kind == "dorm":
                yield NewPlace("room", f"{floor}-WC", "公共水房", parent_code=floor, public=True)
            for number in range(1, house.rooms + 1):
                label = f"{level}{number:02d}"
                yield NewPlace(
                    "room",
                    f"{house.code}-{label}",
                    _ROOM[house.kind].format(label),
                    parent_code=floor,
                    public=house.kind in ("hall", "canteen"),
                )


def dorm_rooms() -> list[str]:
    """Codes of the rooms students live in, by building and number."""
    return [
        f"{house.code}-{level}{number:02d}"
        for house in HOUSES
        if house.kind == "dorm"
        for level in range(1, house.floors + 1)
        for number in range(1, house.rooms + 1)
    ]
