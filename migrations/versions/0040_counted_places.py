"""Places whose names count in Chinese stand in the order of their numbers: 第一 before 第二, where pinyin has er before yi.

Row by row and in this process, since only the dictionary of pinyin knows how a name is read. What is read meanwhile finds
the old key or the new one; either is an order. A place that is renamed meanwhile keeps the key of its new name; one that a
process of before names has the old kind of key until it is named again.

Revision ID: 0040
Revises: 0039
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from app.core import pinyin

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

DIGITS, LARGER = "一二三四五六七八九", "百千零〇廿卅"
FIGURES = {
    f"{DIGITS[tens - 1] if tens > 1 else ''}{'十' if tens else ''}{DIGITS[ones - 1] if ones else ''}": tens * 10 + ones
    for tens in range(10)
    for ones in range(10)
    if tens or ones
}
UNITS = "号楼|号|栋|幢|单元|层|室|楼|舍|宿舍|公寓|校区|区|期|教|教室|阶|食堂|餐厅|车间|苑|院"
NUMBER = re.compile(rf"(?<![{DIGITS}十{LARGER}])(?:(?<=第)[{DIGITS}十]+(?![{LARGER}])|[{DIGITS}十]+(?=\s?(?:{UNITS})))")
COUNTING = sa.text(
    "SELECT institution_id, id, name, split_part(sort_key, ' ', 1) AS kind FROM place "
    "WHERE name ~ '[一二三四五六七八九十]' ORDER BY institution_id, id"
)
KEYED = sa.text(
    "UPDATE place SET sort_key = :key "
    "WHERE institution_id = :institution_id AND id = :id AND name = :name AND sort_key <> :key"
)


def upgrade() -> None:
    _key(lambda name: NUMBER.sub(lambda number: str(FIGURES.get(number[0], number[0])), name))


def downgrade() -> None:
    _key(str)


def _key(in_figures: Callable[[str], str]) -> None:
    here = op.get_bind()
    found = []
    for row in here.execute(COUNTING):
        counted, read = pinyin.sort_key(in_figures(row.name)), pinyin.sort_key(row.name)
        key = f"{row.kind} {counted}" + ("" if counted == read else f" ! {read}")
        found.append({"institution_id": row.institution_id, "id": row.id, "name": row.name, "key": key})
    if found:
        here.execute(KEYED, found)
