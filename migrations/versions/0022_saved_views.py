"""Views of the dispatcher's list and board, kept under a name.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.tenancy import guard

revision = "0022"
down_revision = "0021"
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
        "saved_view",
        *_own(),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("filters", postgresql.JSONB(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _ref("saved_view", "owner_id", "person"),
        _ref("saved_view", "role_id", "role"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_saved_view")),
    )
    op.create_index(
        "uq_saved_view_own",
        "saved_view",
        ["institution_id", "owner_id", "folded"],
        unique=True,
        postgresql_where=sa.text("role_id IS NULL"),
    )
    op.create_index(
        "uq_saved_view_shared",
        "saved_view",
        ["institution_id", "role_id", "folded"],
        unique=True,
        postgresql_where=sa.text("role_id IS NOT NULL"),
    )
    op.create_table(
        "default_view",
        *_own(),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("view_id", sa.BigInteger(), nullable=False),
        _ref("default_view", "person_id", "person"),
        _ref("default_view", "view_id", "saved_view"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_default_view")),
        sa.UniqueConstraint("institution_id", "person_id", name="uq_default_view_person"),
    )
    op.create_index("ix_default_view_view", "default_view", ["institution_id", "view_id"])
    guard("saved_view")
    guard("default_view")


def downgrade() -> None:
    op.drop_table("default_view")
    op.drop_table("saved_view")
