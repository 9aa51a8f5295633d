"""Imports of the demo campus: a list that waits for the registry's approval, and one of the registry's own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from app.core import clock
from app.core.actor import Actor
from app.core.transaction import steps
from app.imports.services import dry_run, intake, life, looking
from app.portal.demo import people

HEADINGS = ("学号", "姓名", "人员类别", "性别", "出生日期", "学院", "专业", "班级")
CLASSES = (
    ("机械学院", "机械工程", "机械工程 2501"),
    ("机械学院", "车辆工程", "车辆工程 2502"),
    ("信息学院", "计算机", "计算机 2501"),
    ("外语学院", "英语", "英语 2502"),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One file: its name, who sent it, how many hours ago, first number, rows, and rows that are wrong on purpose."""

    name: str
    by: str
    hours: float
    first: int
    rows: int
    wrong: tuple[tuple[int, str, str], ...] = ()


FILES = (
    Sent("转学与复学名单.csv", "admin", 20, 2025000701, 14, ((4, "出生日期", "2007-02-30"), (9, "学院", "艺术学院"))),
    Sent("留学生补录.csv", "registry", 3, 2025000801, 6),
)


def build(rng: random.Random, actor: Callable[[str], Actor], moment: datetime) -> None:
    """Upload and plan each; nothing is written before somebody else has approved it."""
    for sent in FILES:
        at = moment - timedelta(hours=sent.hours)
        with clock.frozen(at), steps() as step:
            _planned(_csv(rng, sent), sent.name, actor(sent.by), at, step)


def _planned(content: bytes, name: str, by: Actor, at: datetime, step: Callable[[], None]) -> None:
    made = intake.upload(
        BytesIO(content), kind="people", filename=name, extent="", source="web", actor=by, now=at, background=False
    )
    step()
    looking.run(made.id, step)
    layout = life.locked(made.id).layout
    intake.choose_columns(
        made.id, header=layout["header"], columns=layout["columns"], actor=by, now=at, background=False
    )
    step()
    dry_run.run(made.id, step, actor=by, now=at)


def _csv(rng: random.Random, sent: Sent) -> bytes:
    lines: list[Sequence[str]] = [HEADINGS, *_rows(rng, sent)]
    return "\r\n".join(",".join(line) for line in lines).encode("utf-8-sig")


def _rows(rng: random.Random, sent: Sent) -> Iterator[list[str]]:
    wrong = {row: (HEADINGS.index(heading), value) for row, heading, value in sent.wrong}
    for row in range(sent.rows):
        college, major, group = CLASSES[row % len(CLASSES)]
        name = rng.choice(people.SURNAMES) + rng.choice(people.GIVEN)
        born = f"2006-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        line = [str(sent.first + row), name, "学生", rng.choice("男女"), born, college, major, group]
        if row in wrong:
            at, value = wrong[row]
            line[at] = value
        yield line
