"""Webhooks: endpoints of other systems and the messages made for them.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.tenancy import guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", postgresql.JSONB(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("former_secret", sa.Text(), nullable=True),
        sa.Column("former_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_webhook_endpoint_version")),
        sa.ForeignKeyConstraint(
            ["institution_id", "created_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_webhook_endpoint_institution_id_created_by"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_table(
        "webhook_message",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("replays", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name=op.f("ck_webhook_message_state")),
        sa.ForeignKeyConstraint(
            ["institution_id", "endpoint_id"],
            ["webhook_endpoint.institution_id", "webhook_endpoint.id"],
            name=op.f("fk_webhook_message_institution_id_endpoint_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_webhook_message")),
    )
    op.create_index("ix_webhook_message_endpoint", "webhook_message", ["institution_id", "endpoint_id", "id"])
    op.create_index(
        "ix_webhook_message_failed",
        "webhook_message",
        ["institution_id", "id"],
        postgresql_where=sa.text("state = 'failed'"),
    )
    guard("webhook_endpoint")
    guard("webhook_message")


def downgrade() -> None:
    op.drop_table("webhook_message")
    op.drop_table("webhook_endpoint")
