"""What is counted and offered beside the dispatcher's list, found by an index alone.

The open orders bring their requests, so that which requests have none is counted without reading orders; campuses and
buildings, which filters offer, are no longer looked for among all rooms.

Revision ID: 0037
Revises: 0036
"""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

OPEN = "state IN ('accepted', 'en_route', 'offered', 'on_hold', 'planned', 'queued', 'working')"
ORDERS = "work_order (institution_id, state, id)"
BEFORE = {"ix_work_order_open": f"{ORDERS} WHERE {OPEN}"}
AFTER = {
    "ix_work_order_open_ticket": f"{ORDERS} INCLUDE (ticket_id) WHERE {OPEN}",
    "ix_place_offered": (
        "place (institution_id, kind, sort_key, id) WHERE kind IN ('building', 'campus') AND valid_to IS NULL"
    ),
}


def upgrade() -> None:
    _exchange(BEFORE, AFTER)


def downgrade() -> None:
    _exchange(AFTER, BEFORE)


def _exchange(gone: dict[str, str], made: dict[str, str]) -> None:
    """The old serve until the new ones do; what was broken off is made anew."""
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = '60s'")  # waits for the transactions that are open, holding nobody up
        for name, on in made.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {on}")
        for name in gone:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute("SET lock_timeout = '500ms'")
