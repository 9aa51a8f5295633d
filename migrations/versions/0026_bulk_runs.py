"""One act on many orders: what was ordered, and what became of each order.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.tenancy import guard

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def _own() -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
    )


def _ref(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", column],
        [f"{target}.institution_id", f"{target}.id"],
        name=op.f(f"fk_{table}_institution_id_{column}"),
    )


def upgrade() -> None:
    op.create_table(
        "bulk_run",
        *_own(),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("task", postgresql.JSONB(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        _ref("bulk_run", "person_id", "person"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_bulk_run")),
    )
    op.create_index("ix_bulk_run_person", "bulk_run", ["institution_id", "person_id", "id"])
    op.create_table(
        "bulk_item",
        *_own(),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.CheckConstraint("outcome IS NULL OR outcome IN ('done', 'refused')", name=op.f("ck_bulk_item_outcome")),
        sa.CheckConstraint("(detail IS NULL) OR outcome = 'refused'", name=op.f("ck_bulk_item_detail")),
        _ref("bulk_item", "run_id", "bulk_run"),
        _ref("bulk_item", "order_id", "work_order"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_bulk_item")),
    )
    op.create_index("uq_bulk_item_order", "bulk_item", ["institution_id", "run_id", "order_id"], unique=True)
    op.create_index(
        "ix_bulk_item_left",
        "bulk_item",
        ["institution_id", "run_id", "id"],
        postgresql_where=sa.text("outcome IS NULL"),
    )
    guard("bulk_run")
    guard("bulk_item")


def downgrade() -> None:
    op.drop_table("bulk_item")
    op.drop_table("bulk_run")
