"""Reminders by reporters: counted on the ticket and its orders, which stand before others of their turn.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TURN = (
    "(CASE WHEN priority = 'emergency' THEN 0 WHEN priority = 'high' THEN 1 "
    "WHEN priority = 'normal' THEN 2 WHEN priority = 'low' THEN 3 ELSE 4 END)"
)
OPEN = "state IN ('accepted', 'en_route', 'offered', 'on_hold', 'planned', 'queued', 'working')"
INDEX = "ix_work_order_turn"


def upgrade() -> None:
    # a constant default rewrites nothing
    for table in ("ticket", "work_order"):
        op.add_column(table, sa.Column("urged", sa.Integer(), server_default="0", nullable=False))
    op.add_column("ticket", sa.Column("urged_at", sa.DateTime(timezone=True), nullable=True))
    _replace(f"(institution_id, {TURN}, urged DESC, id)")


def downgrade() -> None:
    _replace(f"(institution_id, {TURN}, id)")
    op.drop_column("ticket", "urged_at")
    for table in ("work_order", "ticket"):
        op.drop_column(table, "urged")


def _replace(columns: str) -> None:
    """Build the index beside the old one, which serves until the new one does; what was broken off is made anew."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")  # waits for the transactions that are open, holding nobody up
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}_new")
        op.execute(f"CREATE INDEX CONCURRENTLY {INDEX}_new ON work_order {columns} WHERE {OPEN}")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {INDEX}")
        op.execute(f"ALTER INDEX {INDEX}_new RENAME TO {INDEX}")
        op.execute("SET lock_timeout = '500ms'")
