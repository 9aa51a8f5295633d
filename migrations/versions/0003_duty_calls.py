"""Calls of the duty lead, repeated until somebody answers by name.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "duty_call",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("campus_id", sa.BigInteger(), nullable=True),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("refusals", sa.Integer(), nullable=False),
        sa.Column("called", postgresql.JSONB(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_as", sa.Text(), nullable=True),
        sa.CheckConstraint("cause IN ('refusals', 'nobody', 'due_soon')", name=op.f("ck_duty_call_cause")),
        sa.CheckConstraint("ended_as IN ('answered', 'over')", name=op.f("ck_duty_call_ended_as")),
        sa.CheckConstraint("(ended_as IS NULL) = (ended_at IS NULL)", name=op.f("ck_duty_call_ended")),
        sa.CheckConstraint(
            "(answered_by IS NOT NULL) = (ended_as IS NOT DISTINCT FROM 'answered')",
            name=op.f("ck_duty_call_answered"),
        ),
        sa.CheckConstraint("times >= 1 AND refusals >= 0", name=op.f("ck_duty_call_counts")),
        _to("order_id", "work_order"),
        _to("ticket_id", "ticket"),
        _to("campus_id", "place"),
        _to("building_id", "place"),
        _to("answered_by", "person"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_duty_call")),
    )
    op.create_index(
        "uq_duty_call_open", "duty_call", ["institution_id", "order_id"], unique=True, postgresql_where=OPEN
    )
    op.create_index("ix_duty_call_order", "duty_call", ["institution_id", "order_id", "id"])
    op.create_index("ix_duty_call_open", "duty_call", ["institution_id", "id"], postgresql_where=OPEN)
    op.execute("ALTER TABLE duty_call ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON duty_call "
        "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
        "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON duty_call TO houqin_app")


def downgrade() -> None:
    op.drop_table("duty_call")


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", column],
        [f"{target}.institution_id", f"{target}.id"],
        name=op.f(f"fk_duty_call_institution_id_{column}"),
    )
