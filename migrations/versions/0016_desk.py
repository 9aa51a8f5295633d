"""Knowledge answers with votes, and duty contacts.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = ("answer", "answer_vote", "duty_contact")


def upgrade() -> None:
    op.create_table(
        "answer",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("title", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("body", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name=op.f("ck_answer_validity")
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_answer")),
    )
    op.create_index("ix_answer_shown", "answer", ["institution_id", "published", "position", "id"], unique=False)
    op.create_table(
        "answer_vote",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "answer_id"],
            ["answer.institution_id", "answer.id"],
            name=op.f("fk_answer_vote_institution_id_answer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_answer_vote_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_answer_vote")),
        sa.UniqueConstraint("institution_id", "answer_id", "person_id", name="uq_answer_vote"),
    )
    op.create_table(
        "duty_contact",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("name", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("purpose", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("hours", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("campus_id", sa.BigInteger(), nullable=True),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name=op.f("ck_duty_contact_validity")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campus_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_duty_contact_institution_id_campus_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_duty_contact")),
    )
    op.create_index(
        "ix_duty_contact_order", "duty_contact", ["institution_id", "emergency", "position", "id"], unique=False
    )
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
            "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO houqin_app")


def downgrade() -> None:
    op.drop_table("duty_contact")
    op.drop_table("answer_vote")
    op.drop_table("answer")
