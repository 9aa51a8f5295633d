"""What housekeeping deletes, found without walking what stays: events by their key, turns and messages by their end.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SPENT = "dedupe_key IS NULL OR starts_with(dedupe_key, 'periodic:')"
INDEXES = {
    "ix_outbox_event_spent": f"outbox_event (institution_id, at) WHERE {SPENT}",
    "ix_outbox_event_keyed": f"outbox_event (institution_id, at) WHERE NOT ({SPENT})",
    "ix_outbox_delivery_done": "outbox_delivery (institution_id, done_at) WHERE done_at IS NOT NULL",
    "ix_webhook_message_ended": "webhook_message (institution_id, ended_at) WHERE ended_at IS NOT NULL",
}
BEFORE = {"ix_outbox_event_at": "outbox_event (institution_id, at)"}


def upgrade() -> None:
    _exchange(BEFORE, INDEXES)


def downgrade() -> None:
    _exchange(INDEXES, BEFORE)


def _exchange(gone: dict[str, str], made: dict[str, str]) -> None:
    with op.get_context().autocommit_block():
        # waits for the transactions that are open, holding nobody up; one that was broken off is made anew
        op.execute("SET lock_timeout = '60s'")
        for name, on in made.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {on}")
        for name in gone:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute("SET lock_timeout = '500ms'")
