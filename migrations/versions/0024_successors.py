"""The place that stands in for one that is gone.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

KEY = "fk_place_institution_id_successor_id"


def upgrade() -> None:
    # nullable: nothing is rewritten; the key is checked for new rows at once, for the old ones without a lock on them
    op.add_column("place", sa.Column("successor_id", sa.BigInteger(), nullable=True))
    op.execute(
        f"ALTER TABLE place ADD CONSTRAINT {KEY} FOREIGN KEY (institution_id, successor_id) "
        "REFERENCES place (institution_id, id) NOT VALID"
    )
    op.execute(f"ALTER TABLE place VALIDATE CONSTRAINT {KEY}")


def downgrade() -> None:
    op.drop_constraint(KEY, "place")
    op.drop_column("place", "successor_id")
