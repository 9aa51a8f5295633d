"""The ground: every table of the first release.

Revision ID: 0001
Revises:
"""

from alembic import op

from app.core import tenancy
from app.core.db import Model, tenant_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    Model.metadata.create_all(op.get_bind())
    for statement in [*tenancy.protect(tenant_tables()), *tenancy.EXTRA]:
        op.execute(statement)
    op.execute("GRANT SELECT ON institution, alembic_version TO houqin_app")


def downgrade() -> None:
    for statement in tenancy.EXTRA_DROPS:
        op.execute(statement)
    Model.metadata.drop_all(op.get_bind())
