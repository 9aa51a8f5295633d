"""Words that mean a place; when somebody may come.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

VISIT = "(visit_from IS NULL) = (visit_to IS NULL) AND visit_from < visit_to"


def upgrade() -> None:
    op.create_table(
        "place_alias",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "place_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_place_alias_institution_id_place_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_place_alias")),
        sa.UniqueConstraint("institution_id", "key", name="uq_place_alias"),
    )
    op.create_index("ix_place_alias_place", "place_alias", ["institution_id", "place_id"])
    op.execute("ALTER TABLE place_alias ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON place_alias "
        "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
        "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
    )
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON place_alias TO houqin_app")
    for name in ("visit_from", "visit_to"):
        op.add_column("ticket", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    # new rows are checked at once; the old ones hold null, which the second step reads without a strong lock
    op.execute(f"ALTER TABLE ticket ADD CONSTRAINT ck_ticket_visit CHECK ({VISIT}) NOT VALID")
    op.execute("ALTER TABLE ticket VALIDATE CONSTRAINT ck_ticket_visit")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_ticket_visit"), "ticket")
    op.drop_column("ticket", "visit_to")
    op.drop_column("ticket", "visit_from")
    op.drop_table("place_alias")
