"""Calendar addresses of technicians; requests whose text and photos staff published.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from app.core.tenancy import guard

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # a constant default: nothing is rewritten, and the version before this one goes on inserting
    op.add_column("ticket", sa.Column("published", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "calendar_feed",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_calendar_feed_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("institution_id", "token_hash", name="uq_calendar_feed_token_hash"),
    )
    op.create_index(
        "uq_calendar_feed_live",
        "calendar_feed",
        ["institution_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    guard("calendar_feed")


def downgrade() -> None:
    op.drop_table("calendar_feed")
    op.drop_column("ticket", "published")
