"""Whoever was asked to approve an import is found by the import, not by reading what everybody was ever told.

Revision ID: 0038
Revises: 0037
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

NAME = "ix_notification_import"
ON = "notification (institution_id, link) WHERE read_at IS NULL AND kind = 'import-settled'"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")  # waits for the transactions that are open, holding nobody up
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # what was broken off is made anew
        op.execute(f"CREATE INDEX CONCURRENTLY {NAME} ON {ON}")
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute("SET lock_timeout = '500ms'")
