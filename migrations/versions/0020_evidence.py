"""A signature drawn by hand is kept like a photo.

Revision ID: 0020
Revises: 0019
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

WITH = "moment IN ('report', 'before', 'after', 'signature')"
WITHOUT = "moment IN ('report', 'before', 'after')"


def upgrade() -> None:
    op.drop_constraint(op.f("ck_attachment_moment"), "attachment")
    # new rows are checked at once; the old ones are read without a strong lock
    op.execute(f"ALTER TABLE attachment ADD CONSTRAINT ck_attachment_moment CHECK ({WITH}) NOT VALID")
    op.execute("ALTER TABLE attachment VALIDATE CONSTRAINT ck_attachment_moment")


def downgrade() -> None:
    """Signatures become photos of after the work: nothing that was kept is thrown away."""
    op.execute("UPDATE attachment SET moment = 'after' WHERE moment = 'signature'")
    op.drop_constraint(op.f("ck_attachment_moment"), "attachment")
    op.execute(f"ALTER TABLE attachment ADD CONSTRAINT ck_attachment_moment CHECK ({WITHOUT}) NOT VALID")
    op.execute("ALTER TABLE attachment VALIDATE CONSTRAINT ck_attachment_moment")
