"""Notices of the portal: what people are told, where, who has read it, every version.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("notice", "notice_place", "notice_read", "notice_version")
APPEND_ONLY = {"notice_version"}


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("utility", sa.Text(), nullable=True),
        sa.Column("title", postgresql.JSONB(none_as_null=True), nullable=False),
        sa.Column("body", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("everywhere", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'outage') = (utility IS NOT NULL AND starts_at IS NOT NULL AND ends_at IS NOT NULL) AND (kind = 'outage' OR (utility IS NULL AND starts_at IS NULL AND ends_at IS NULL))",
            name=op.f("ck_notice_outage"),
        ),
        sa.CheckConstraint("(status = 'draft') = (published_at IS NULL)", name=op.f("ck_notice_published")),
        sa.CheckConstraint("(status = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_notice_ended")),
        sa.CheckConstraint("kind IN ('information', 'outage', 'urgent')", name=op.f("ck_notice_kind")),
        sa.CheckConstraint("status IN ('draft', 'published', 'ended')", name=op.f("ck_notice_status")),
        sa.CheckConstraint("utility IN ('water', 'power', 'heat', 'network', 'lift')", name=op.f("ck_notice_utility")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_notice_during")),
        sa.CheckConstraint("shown_until > shown_from", name=op.f("ck_notice_shown")),
        sa.ForeignKeyConstraint(
            ["institution_id", "created_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_notice_institution_id_created_by"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "ended_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_notice_institution_id_ended_by"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "published_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_notice_institution_id_published_by"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_published", "notice", ["institution_id", "status", "published_at", "id"], unique=False)
    op.create_table(
        "notice_place",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "notice_id"],
            ["notice.institution_id", "notice.id"],
            name=op.f("fk_notice_place_institution_id_notice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "place_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_notice_place_institution_id_place_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_notice_place")),
        sa.UniqueConstraint("institution_id", "notice_id", "place_id", name="uq_notice_place"),
    )
    op.create_index("ix_notice_place_place", "notice_place", ["institution_id", "place_id"], unique=False)
    op.create_table(
        "notice_read",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "notice_id"],
            ["notice.institution_id", "notice.id"],
            name=op.f("fk_notice_read_institution_id_notice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_notice_read_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_notice_read")),
        sa.UniqueConstraint("institution_id", "person_id", "notice_id", name="uq_notice_read"),
    )
    op.create_table(
        "notice_version",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("act IN ('publish', 'change', 'end')", name=op.f("ck_notice_version_act")),
        sa.ForeignKeyConstraint(
            ["institution_id", "actor_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_notice_version_institution_id_actor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "notice_id"],
            ["notice.institution_id", "notice.id"],
            name=op.f("fk_notice_version_institution_id_notice_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_notice_version")),
        sa.UniqueConstraint("institution_id", "notice_id", "version", name="uq_notice_version"),
    )
    for table in TABLES:
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
            "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
        )
        op.execute(f"GRANT {rights} ON {table} TO houqin_app")


def downgrade() -> None:
    op.drop_table("notice_version")
    op.drop_table("notice_read")
    op.drop_table("notice_place")
    op.drop_table("notice")
