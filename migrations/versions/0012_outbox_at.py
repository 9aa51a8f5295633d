"""Housekeeping finds old events by an index instead of reading them all.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = "ix_outbox_event_at"


def upgrade() -> None:
    """Beside a live system: built concurrently, so outside a transaction; a try that was cut off is thrown away."""
    with op.get_context().autocommit_block():
        op.drop_index(NAME, "outbox_event", if_exists=True, postgresql_concurrently=True)
        op.create_index(NAME, "outbox_event", ["institution_id", "at"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, "outbox_event", if_exists=True, postgresql_concurrently=True)
