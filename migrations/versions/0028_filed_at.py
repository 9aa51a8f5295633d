"""Requests by the time they were filed, for who reads a span of days through Open311.

Revision ID: 0028
Revises: 0027
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # waits for the transactions that are open, holding nobody up; one that was broken off is made anew
        op.execute("SET lock_timeout = '60s'")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_ticket_filed")
        op.execute("CREATE INDEX CONCURRENTLY ix_ticket_filed ON ticket (institution_id, filed_at, id)")
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    op.drop_index("ix_ticket_filed", "ticket")
