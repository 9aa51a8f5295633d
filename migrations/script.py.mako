"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}

Forward step for a live system: expand, backfill in batches, contract a release later; indexes on large tables
concurrently, foreign keys and checks NOT VALID first.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
