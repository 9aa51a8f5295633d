"""Why an order of a run was refused is kept in both languages.

What was kept in one becomes that of whoever ordered the run.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

TONGUE = "CASE WHEN person.locale = 'en' THEN 'en' ELSE 'zh-CN' END"
OF_WHOM = (
    "FROM bulk_run, person WHERE bulk_run.institution_id = bulk_item.institution_id AND bulk_run.id = bulk_item.run_id "
    "AND person.institution_id = bulk_run.institution_id AND person.id = bulk_run.person_id"
)


def upgrade() -> None:
    op.add_column("bulk_item", sa.Column("why", postgresql.JSONB(), nullable=True))
    op.execute(
        f"UPDATE bulk_item SET why = jsonb_build_object({TONGUE}, detail) {OF_WHOM} AND detail IS NOT NULL"  # noqa: S608 - fragments of this module
    )
    op.drop_column("bulk_item", "detail")  # its constraint goes with it
    _judged("why")


def downgrade() -> None:
    op.add_column("bulk_item", sa.Column("detail", sa.Text(), nullable=True))
    op.execute(
        f"UPDATE bulk_item SET detail = coalesce(why ->> {TONGUE}, why ->> 'zh-CN', why ->> 'en') {OF_WHOM} "  # noqa: S608 - fragments of this module
        "AND why IS NOT NULL"
    )
    op.drop_column("bulk_item", "why")
    _judged("detail")


def _judged(column: str) -> None:
    """New rows are checked at once; the old ones are read without a strong lock."""
    name = f"ck_bulk_item_{column}"
    op.execute(
        f"ALTER TABLE bulk_item ADD CONSTRAINT {name} CHECK (({column} IS NULL) OR outcome = 'refused') NOT VALID"
    )
    op.execute(f"ALTER TABLE bulk_item VALIDATE CONSTRAINT {name}")
