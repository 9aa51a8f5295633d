"""A second pair of hands for an order, and orders a technician proposes.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PROPOSER = "fk_work_order_institution_id_proposed_by"


def upgrade() -> None:
    op.create_table(
        "order_helper",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        _to("order_id", "work_order"),
        _to("ticket_id", "ticket"),
        _to("person_id", "person"),
        _to("added_by", "person"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_order_helper")),
    )
    op.create_index(
        "uq_order_helper_present",
        "order_helper",
        ["institution_id", "order_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("left_at IS NULL"),
    )
    op.create_index("ix_order_helper_person", "order_helper", ["institution_id", "person_id", "order_id"])
    op.execute("ALTER TABLE order_helper ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON order_helper "
        "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
        "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON order_helper TO houqin_app")
    # nullable columns rewrite nothing; the key is checked for new rows at once, for the old ones without a lock on them
    op.add_column("work_order", sa.Column("help_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("work_order", sa.Column("proposed_by", sa.BigInteger(), nullable=True))
    op.execute(
        f"ALTER TABLE work_order ADD CONSTRAINT {PROPOSER} FOREIGN KEY (institution_id, proposed_by) "
        "REFERENCES person (institution_id, id) NOT VALID"
    )
    op.execute(f"ALTER TABLE work_order VALIDATE CONSTRAINT {PROPOSER}")
    with op.get_context().autocommit_block():
        # waits for the transactions that are open, holding nobody up; one that was broken off is made anew
        op.execute("SET lock_timeout = '60s'")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_work_order_proposed")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_work_order_proposed ON work_order (institution_id, proposed_by) "
            "WHERE proposed_by IS NOT NULL"
        )
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    op.drop_index("ix_work_order_proposed", "work_order")
    op.drop_constraint(PROPOSER, "work_order")
    op.drop_column("work_order", "proposed_by")
    op.drop_column("work_order", "help_asked_at")
    op.drop_table("order_helper")


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", column],
        [f"{target}.institution_id", f"{target}.id"],
        name=op.f(f"fk_order_helper_institution_id_{column}"),
    )
