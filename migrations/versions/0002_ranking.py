"""What the ranking weighs: certificates, walking minutes, what a category demands, finished orders by person.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("certificate", "technician_certificate", "walk")


def upgrade() -> None:
    _tables()
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
            "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO houqin_app")
    # with a constant default nothing is rewritten, and the version before this one goes on inserting
    op.add_column("category", sa.Column("level", sa.SmallInteger(), nullable=False, server_default="1"))
    op.add_column(
        "category", sa.Column("certificates", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}")
    )
    op.create_check_constraint(op.f("ck_category_level"), "category", "level BETWEEN 1 AND 3")
    with op.get_context().autocommit_block():
        # waits for the transactions that are open, holding nobody up; one that was broken off is made anew
        op.execute("SET lock_timeout = '60s'")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_work_order_done")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_work_order_done ON work_order (institution_id, assignee_id, done_at) "
            "WHERE done_at IS NOT NULL"
        )
        op.execute("SET lock_timeout = '500ms'")


def downgrade() -> None:
    op.drop_index("ix_work_order_done", "work_order")
    op.drop_constraint(op.f("ck_category_level"), "category")
    op.drop_column("category", "certificates")
    op.drop_column("category", "level")
    for table in reversed(TABLES):
        op.drop_table(table)


def _key() -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
    )


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", column],
        [f"{target}.institution_id", f"{target}.id"],
        name=op.f(f"fk_{table}_institution_id_{column}"),
    )


def _tables() -> None:
    op.create_table(
        "certificate",
        *_key(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_certificate")),
    )
    op.create_index(
        "uq_certificate_code_valid",
        "certificate",
        ["institution_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "technician_certificate",
        *_key(),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("certificate_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        _to("technician_certificate", "person_id", "person"),
        _to("technician_certificate", "certificate_id", "certificate"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_technician_certificate")),
    )
    op.create_index("ix_technician_certificate_person", "technician_certificate", ["institution_id", "person_id"])
    op.create_table(
        "walk",
        *_key(),
        sa.Column("one_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_walk_pair")),
        sa.CheckConstraint("minutes BETWEEN 1 AND 600", name=op.f("ck_walk_minutes")),
        _to("walk", "one_id", "place"),
        _to("walk", "other_id", "place"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_walk")),
        sa.UniqueConstraint("institution_id", "one_id", "other_id", name="uq_walk"),
    )
    op.create_index("ix_walk_other", "walk", ["institution_id", "other_id"])
