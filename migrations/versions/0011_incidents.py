"""Duplicates merged and parted again, followers who left, requests split off or come again.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LINKS = ("duplicate_of_id", "split_from_id", "recurs_of_id")
NOT_LONG_OVER = "status IN ('accepted', 'in_service', 'needs_info', 'resolved', 'submitted')"


def upgrade() -> None:
    op.create_table(
        "ticket_merge",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("into_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("moved", postgresql.JSONB(), nullable=False),
        sa.Column("cancelled", postgresql.JSONB(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        _to("ticket_merge", "ticket_id", "ticket"),
        _to("ticket_merge", "into_id", "ticket"),
        _to("ticket_merge", "actor_id", "person"),
        _to("ticket_merge", "undone_by", "person"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ticket_merge")),
    )
    op.create_index("ix_ticket_merge_ticket", "ticket_merge", ["institution_id", "ticket_id", "id"])
    op.execute("ALTER TABLE ticket_merge ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON ticket_merge "
        "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
        "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ticket_merge TO houqin_app")
    op.add_column("ticket_follower", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ticket_follower", sa.Column("merge_id", sa.BigInteger(), nullable=True))
    for name in (*LINKS, "merge_id"):
        op.add_column("ticket", sa.Column(name, sa.BigInteger(), nullable=True))
    # new rows are checked at once; the old ones hold null, which the second step reads without a strong lock
    for name in LINKS:
        constraint = f"fk_ticket_institution_id_{name}"
        op.execute(
            f"ALTER TABLE ticket ADD CONSTRAINT {constraint} FOREIGN KEY (institution_id, {name}) "
            "REFERENCES ticket (institution_id, id) NOT VALID"
        )
        op.execute(f"ALTER TABLE ticket VALIDATE CONSTRAINT {constraint}")
    op.execute(
        "ALTER TABLE ticket ADD CONSTRAINT ck_ticket_duplicate CHECK "
        "((status = 'duplicate') = (duplicate_of_id IS NOT NULL) AND duplicate_of_id <> id) NOT VALID"
    )
    op.execute("ALTER TABLE ticket VALIDATE CONSTRAINT ck_ticket_duplicate")
    with op.get_context().autocommit_block():
        # waits for the transactions that are open, holding nobody up; one that was broken off is made anew
        op.execute("SET lock_timeout = '60s'")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_ticket_near")
        op.execute(
            f"CREATE INDEX CONCURRENTLY ix_ticket_near ON ticket (institution_id, place_id, id) WHERE {NOT_LONG_OVER}"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_ticket_duplicate_of")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_ticket_duplicate_of ON ticket (institution_id, duplicate_of_id) "
            "WHERE duplicate_of_id IS NOT NULL"
        )
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    op.drop_index("ix_ticket_duplicate_of", "ticket")
    op.drop_index("ix_ticket_near", "ticket")
    op.drop_constraint(op.f("ck_ticket_duplicate"), "ticket")
    for name in LINKS:
        op.drop_constraint(op.f(f"fk_ticket_institution_id_{name}"), "ticket")
    for name in (*LINKS, "merge_id"):
        op.drop_column("ticket", name)
    op.drop_column("ticket_follower", "merge_id")
    op.drop_column("ticket_follower", "ended_at")
    op.drop_table("ticket_merge")


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", column],
        [f"{target}.institution_id", f"{target}.id"],
        name=op.f(f"fk_{table}_institution_id_{column}"),
    )
