"""Places whose names count in Chinese stand in the order of their numbers: 第一 before 第二, where pinyin has er before yi.

Row by row and in this process, since only the dictionary of pinyin knows how a name is read; a campus has a few hundred
such names. What is read meanwhile finds the old key or the new one; either is an order.

Revision ID: 0040
Revises: 0039
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

from app.core import pinyin
from app.sites.rules import tree

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

COUNTING = sa.text("SELECT institution_id, id, kind, name FROM place WHERE name ~ '[一二三四五六七八九十]'")
KEYED = sa.text(
    "UPDATE place SET sort_key = :key WHERE institution_id = :institution_id AND id = :id AND sort_key <> :key"
)


def upgrade() -> None:
    _key(tree.in_figures)


def downgrade() -> None:
    _key(str)


def _key(counted: Callable[[str], str]) -> None:
    here = op.get_bind()
    rows = here.execute(COUNTING).all()
    keys = [tree.sort_key(row.kind, pinyin.sort_key(counted(row.name)), pinyin.sort_key(row.name)) for row in rows]
    if rows:
        here.execute(
            KEYED,
            [
                {"institution_id": row.institution_id, "id": row.id, "key": key}
                for row, key in zip(rows, keys, strict=True)
            ],
        )
