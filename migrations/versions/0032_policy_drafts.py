"""What somebody is making of a service level and has not published.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.tenancy import guard

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sla_policy_draft",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("base_id", sa.BigInteger(), nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_sla_policy_draft_version")),
        sa.ForeignKeyConstraint(
            ["institution_id", "base_id"],
            ["sla_policy_version.institution_id", "sla_policy_version.id"],
            name=op.f("fk_sla_policy_draft_institution_id_base_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "policy_id"],
            ["sla_policy.institution_id", "sla_policy.id"],
            name=op.f("fk_sla_policy_draft_institution_id_policy_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_sla_policy_draft")),
        sa.UniqueConstraint("institution_id", "policy_id", name="uq_sla_policy_draft_policy"),
    )
    guard("sla_policy_draft")


def downgrade() -> None:
    op.drop_table("sla_policy_draft")
