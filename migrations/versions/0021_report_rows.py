"""What happened by time, for reports: events, closed clocks, finished orders, and the visits of an order.

Revision ID: 0021
Revises: 0020
"""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_ticket_event_at": "ticket_event USING brin (at) WITH (pages_per_range = 32, autosummarize = on)",
    "ix_ticket_event_visits": "ticket_event (institution_id, order_id, kind) "
    "WHERE kind IN ('start', 'hold', 'give_back', 'reassign')",
    "ix_sla_clock_stopped": "sla_clock (institution_id, stopped_at) WHERE phase = 'stopped'",
    "ix_work_order_done_at": "work_order (institution_id, done_at) WHERE done_at IS NOT NULL",
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
