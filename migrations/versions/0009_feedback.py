"""Feedback: what people say to the desk, whom it is about, everything that happened to it.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("feedback", "feedback_about", "feedback_event")
APPEND_ONLY = {"feedback_event"}


def upgrade() -> None:
    op.create_table(
        "feedback",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("excerpt", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("about_text", sa.Text(), nullable=True),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("campus_id", sa.BigInteger(), nullable=True),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column("ticket_id", sa.BigInteger(), nullable=True),
        sa.Column("handler_id", sa.BigInteger(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("respond_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("responded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_minutes", sa.Integer(), nullable=True),
        sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_as", sa.Text(), nullable=True),
        sa.Column("became_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_feedback_closed")),
        sa.CheckConstraint("closed_as IN ('ticket', 'notice', 'lapsed')", name=op.f("ck_feedback_how_closed")),
        sa.CheckConstraint("kind IN ('complaint', 'suggestion', 'praise', 'question')", name=op.f("ck_feedback_kind")),
        sa.CheckConstraint("status IN ('open', 'answered', 'closed')", name=op.f("ck_feedback_status")),
        sa.CheckConstraint("(author_id IS NULL) = (secret_hash IS NOT NULL)", name=op.f("ck_feedback_author")),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_as IS NULL)", name=op.f("ck_feedback_closed_as")),
        sa.ForeignKeyConstraint(
            ["institution_id", "author_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_feedback_institution_id_author_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "building_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_feedback_institution_id_building_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campus_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_feedback_institution_id_campus_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "handler_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_feedback_institution_id_handler_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "place_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_feedback_institution_id_place_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "ticket_id"],
            ["ticket.institution_id", "ticket.id"],
            name=op.f("fk_feedback_institution_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("institution_id", "number", name="uq_feedback_number"),
        sa.UniqueConstraint("institution_id", "secret_hash", name="uq_feedback_secret"),
    )
    op.create_index("ix_feedback_author", "feedback", ["institution_id", "author_id", "id"], unique=False)
    op.create_index("ix_feedback_filed", "feedback", ["institution_id", "filed_at"], unique=False)
    op.create_index(
        "ix_feedback_open",
        "feedback",
        ["institution_id", "answer_due", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index("ix_feedback_status", "feedback", ["institution_id", "status", "id"], unique=False)
    op.create_table(
        "feedback_about",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("feedback_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.CheckConstraint("how IN ('chosen', 'named', 'ticket', 'staff')", name=op.f("ck_feedback_about_how")),
        sa.ForeignKeyConstraint(
            ["institution_id", "feedback_id"],
            ["feedback.institution_id", "feedback.id"],
            name=op.f("fk_feedback_about_institution_id_feedback_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_feedback_about_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_feedback_about")),
        sa.UniqueConstraint("institution_id", "feedback_id", "person_id", name="uq_feedback_about"),
    )
    op.create_index(
        "ix_feedback_about_person", "feedback_about", ["institution_id", "person_id", "feedback_id"], unique=False
    )
    op.create_table(
        "feedback_event",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("feedback_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "(from_state IS NULL AND to_state IS NULL) OR (kind || ':' || coalesce(from_state, '') || ':' || to_state) IN ('file::open', 'reply:answered:open', 'reply:closed:open', 'answer:open:answered', 'convert:open:closed', 'convert:answered:closed', 'lapse:answered:closed')",
            name=op.f("ck_feedback_event_move"),
        ),
        sa.CheckConstraint(
            "actor_kind IN ('person', 'token', 'system', 'author')", name=op.f("ck_feedback_event_actor_kind")
        ),
        sa.CheckConstraint("audience IN ('everyone', 'staff')", name=op.f("ck_feedback_event_audience")),
        sa.CheckConstraint(
            "kind IN ('file', 'reply', 'answer', 'convert', 'lapse', 'note', 'assign', 'name', 'escalate')",
            name=op.f("ck_feedback_event_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "actor_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_feedback_event_institution_id_actor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "feedback_id"],
            ["feedback.institution_id", "feedback.id"],
            name=op.f("fk_feedback_event_institution_id_feedback_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_feedback_event_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_feedback_event")),
    )
    op.create_index(
        "ix_feedback_event_feedback", "feedback_event", ["institution_id", "feedback_id", "id"], unique=False
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
    op.drop_table("feedback_event")
    op.drop_table("feedback_about")
    op.drop_table("feedback")
