"""Working calendars: versions as data, drafts, and which calendar an hours class is on a campus.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.tenancy import guard

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "working_calendar",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_working_calendar")),
    )
    op.create_index(
        "uq_working_calendar_code_valid",
        "working_calendar",
        ["institution_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "calendar_version",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_calendar_version_number")),
        sa.ForeignKeyConstraint(
            ["institution_id", "calendar_id"],
            ["working_calendar.institution_id", "working_calendar.id"],
            name=op.f("fk_calendar_version_institution_id_calendar_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_calendar_version")),
        sa.UniqueConstraint("institution_id", "calendar_id", "number", name="uq_calendar_version_number"),
    )
    op.create_table(
        "calendar_draft",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("base_id", sa.BigInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_by", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_calendar_draft_version")),
        sa.ForeignKeyConstraint(
            ["institution_id", "base_id"],
            ["calendar_version.institution_id", "calendar_version.id"],
            name=op.f("fk_calendar_draft_institution_id_base_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "calendar_id"],
            ["working_calendar.institution_id", "working_calendar.id"],
            name=op.f("fk_calendar_draft_institution_id_calendar_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_calendar_draft")),
        sa.UniqueConstraint("institution_id", "calendar_id", name="uq_calendar_draft_calendar"),
    )
    op.create_table(
        "campus_hours",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("campus_id", sa.BigInteger(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("hours IN ('office', 'extended', 'always')", name=op.f("ck_campus_hours_hours")),
        sa.ForeignKeyConstraint(
            ["institution_id", "calendar_id"],
            ["working_calendar.institution_id", "working_calendar.id"],
            name=op.f("fk_campus_hours_institution_id_calendar_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campus_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_campus_hours_institution_id_campus_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_campus_hours")),
        sa.UniqueConstraint(
            "institution_id", "campus_id", "hours", name="uq_campus_hours", postgresql_nulls_not_distinct=True
        ),
    )
    guard("working_calendar")
    guard("calendar_version", append_only=True)
    guard("calendar_draft")
    guard("campus_hours")


def downgrade() -> None:
    op.drop_table("campus_hours")
    op.drop_table("calendar_draft")
    op.drop_table("calendar_version")
    op.drop_table("working_calendar")
