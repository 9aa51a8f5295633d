"""Policies and clocks: what is promised, what runs by it, requests for more time.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.tenancy import guard

revision = "0018"
down_revision = "0017"
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
        "sla_policy",
        *_own(),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("usual", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("NOT usual OR valid_to IS NULL", name=op.f("ck_sla_policy_usual")),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_sla_policy")),
    )
    op.create_index(
        "uq_sla_policy_code_valid",
        "sla_policy",
        ["institution_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_index(
        "uq_sla_policy_usual", "sla_policy", ["institution_id"], unique=True, postgresql_where=sa.text("usual")
    )
    op.create_table(
        "sla_policy_version",
        *_own(),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_sla_policy_version_number")),
        _ref("sla_policy_version", "policy_id", "sla_policy"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_sla_policy_version")),
        sa.UniqueConstraint("institution_id", "policy_id", "number", name="uq_sla_policy_version_number"),
    )
    op.create_table(
        "sla_clock",
        *_own(),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("policy_version_id", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("calendar_version_id", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.Boolean(), nullable=True),
        sa.Column("excused", sa.Boolean(), nullable=False),
        sa.Column("endless", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("owner_kind IN ('ticket', 'order', 'feedback')", name=op.f("ck_sla_clock_owner_kind")),
        sa.CheckConstraint("(owner_kind = 'feedback') = (ticket_id IS NULL)", name=op.f("ck_sla_clock_owner")),
        sa.CheckConstraint(
            "kind IN ('respond', 'dispatch', 'arrive', 'restore', 'promise', 'answer')", name=op.f("ck_sla_clock_kind")
        ),
        sa.CheckConstraint(
            "phase IN ('running', 'paused', 'standing', 'stopped', 'void')", name=op.f("ck_sla_clock_phase")
        ),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'emergency')", name=op.f("ck_sla_clock_priority")),
        sa.CheckConstraint("(phase = 'stopped') = (stopped_at IS NOT NULL)", name=op.f("ck_sla_clock_stopped")),
        sa.CheckConstraint("next_at IS NULL OR phase = 'running'", name=op.f("ck_sla_clock_timer")),
        sa.CheckConstraint("cycle >= 1 AND used >= 0", name=op.f("ck_sla_clock_counts")),
        _ref("sla_clock", "ticket_id", "ticket"),
        _ref("sla_clock", "policy_version_id", "sla_policy_version"),
        _ref("sla_clock", "calendar_version_id", "calendar_version"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_sla_clock")),
        sa.UniqueConstraint("institution_id", "owner_kind", "owner_id", "kind", "cycle", name="uq_sla_clock"),
    )
    op.create_index("ix_sla_clock_ticket", "sla_clock", ["institution_id", "ticket_id"])
    op.create_index(
        "ix_sla_clock_next",
        "sla_clock",
        ["institution_id", "next_at"],
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_sla_clock_open",
        "sla_clock",
        ["institution_id", "calendar_version_id", "ticket_id"],
        postgresql_where=sa.text("phase IN ('running', 'paused', 'standing')"),
    )
    op.create_table(
        "ticket_extension",
        *_own(),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_ticket_extension_four_eyes")),
        sa.CheckConstraint("(decided_at IS NULL) = (approved IS NULL)", name=op.f("ck_ticket_extension_decided")),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_ticket_extension_decided_by")),
        _ref("ticket_extension", "ticket_id", "ticket"),
        _ref("ticket_extension", "asked_by", "person"),
        _ref("ticket_extension", "decided_by", "person"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ticket_extension")),
    )
    op.create_index(
        "uq_ticket_extension_open",
        "ticket_extension",
        ["institution_id", "ticket_id"],
        unique=True,
        postgresql_where=sa.text("decided_at IS NULL"),
    )
    op.create_index("ix_ticket_extension_ticket", "ticket_extension", ["institution_id", "ticket_id", "id"])
    op.add_column("work_order", sa.Column("due_clock", sa.Text(), nullable=True))
    op.add_column("ticket", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ticket", sa.Column("due_clock", sa.Text(), nullable=True))
    guard("sla_policy")
    guard("sla_policy_version", append_only=True)
    guard("sla_clock")
    guard("ticket_extension")


def downgrade() -> None:
    op.drop_column("ticket", "due_clock")
    op.drop_column("ticket", "due_at")
    op.drop_column("work_order", "due_clock")
    op.drop_table("ticket_extension")
    op.drop_table("sla_clock")
    op.drop_table("sla_policy_version")
    op.drop_table("sla_policy")
