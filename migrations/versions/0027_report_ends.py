"""How repairs and requests end by time, and the rework of an order, for reports.

Revision ID: 0027
Revises: 0026
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_ticket_event_ends": "ticket_event (institution_id, kind, at) "
    "WHERE kind IN ('all_done', 'confirm', 'accept_third', 'default')",
    "ix_work_order_rework_of": "work_order (institution_id, rework_of_id) WHERE rework_of_id IS NOT NULL",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # waits for the transactions that are open, holding nobody up; one that was broken off is made anew
        op.execute("SET lock_timeout = '60s'")
        for name, on in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {on}")
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    for name, on in INDEXES.items():
        op.drop_index(name, on.split(" ")[0])
