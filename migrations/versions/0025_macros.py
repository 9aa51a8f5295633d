"""Macros: what a dispatcher does to orders with one click.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.tenancy import guard

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "macro",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("act", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("message", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "act IS NULL OR act IN ('hold', 'requeue', 'queue', 'revoke', 'cancel', 'pool', 'unpool')",
            name=op.f("ck_macro_act"),
        ),
        sa.CheckConstraint("days IS NULL OR days BETWEEN 1 AND 90", name=op.f("ck_macro_days")),
        sa.CheckConstraint("act IS NOT NULL OR note IS NOT NULL OR message IS NOT NULL", name=op.f("ck_macro_content")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_macro")),
    )
    guard("macro")


def downgrade() -> None:
    op.drop_table("macro")
