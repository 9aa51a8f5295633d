"""Open orders in the order of the lists: what presses and is due first, what stands still last.

Revision ID: 0035
Revises: 0034
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TURN = (
    "(CASE WHEN priority = 'emergency' THEN 0 WHEN priority = 'high' THEN 1 "
    "WHEN priority = 'normal' THEN 2 WHEN priority = 'low' THEN 3 ELSE 4 END)"
)
PRESSING = (
    "(CASE WHEN state <> 'on_hold' AND (urged > 0 OR priority = 'emergency') THEN 0 "
    "WHEN state <> 'on_hold' OR due_at IS NOT NULL THEN 1 ELSE 2 END)"
)
FIRST = "coalesce(due_at, hold_until, '9999-01-01 00:00:00+00'::timestamptz)"
OPEN = "state IN ('accepted', 'en_route', 'offered', 'on_hold', 'planned', 'queued', 'working')"
BEFORE = ("ix_work_order_turn", f"(institution_id, {TURN}, urged DESC, id)")
AFTER = ("ix_work_order_first", f"(institution_id, {PRESSING}, {FIRST}, {TURN}, id)")


def upgrade() -> None:
    _exchange(BEFORE, AFTER)


def downgrade() -> None:
    _exchange(AFTER, BEFORE)


def _exchange(gone: tuple[str, str], made: tuple[str, str]) -> None:
    """The old index serves until the new one does; what was broken off is made anew."""
    name, columns = made
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")  # waits for the transactions that are open, holding nobody up
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE INDEX CONCURRENTLY {name} ON work_order {columns} WHERE {OPEN}")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {gone[0]}")
        op.execute("SET lock_timeout = '500ms'")
