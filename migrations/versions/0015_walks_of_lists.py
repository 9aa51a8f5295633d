"""The order in which open orders are served is a walk along an index.

The search looks at a quarter of what it looked at first: the newest thousand say as well whether a word is common.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TURN = (
    "(CASE WHEN priority = 'emergency' THEN 0 WHEN priority = 'high' THEN 1 WHEN priority = 'normal' THEN 2 "
    "WHEN priority = 'low' THEN 3 ELSE 4 END)"
)
OPEN = "state IN ('accepted', 'en_route', 'offered', 'on_hold', 'planned', 'queued', 'working')"
WIDE, NARROW = ("newest - 4000", "said < 40"), ("newest - 1000", "said < 10")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # waits for the transactions that are open, holding nobody up; one that was broken off is made anew
        op.execute("SET lock_timeout = '60s'")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_work_order_turn")
        op.execute(
            f"CREATE INDEX CONCURRENTLY ix_work_order_turn ON work_order (institution_id, {TURN}, id) WHERE {OPEN}"
        )
        op.execute("SET lock_timeout = '500ms'")
    _search(WIDE, NARROW)


def downgrade() -> None:
    _search(NARROW, WIDE)
    op.drop_index("ix_work_order_turn", "work_order")


def _search(before: tuple[str, str], after: tuple[str, str]) -> None:
    """Only the two numbers of the function change: how far it looks, and how often a common word stands there."""
    changed = "pg_get_functiondef(oid)"
    for old, new in zip(before, after, strict=True):
        changed = f"replace({changed}, '{old}', '{new}')"
    found = "FROM pg_proc WHERE proname = 'ticket_search'"
    op.execute(f"DO $do$ BEGIN EXECUTE (SELECT {changed} {found}); END $do$")
