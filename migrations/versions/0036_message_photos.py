"""Photos that go with a message.

Revision ID: 0036
Revises: 0035
"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

WITH = "moment IN ('report', 'before', 'after', 'signature', 'message')"
WITHOUT = "moment IN ('report', 'before', 'after', 'signature')"


def upgrade() -> None:
    _check(WITH)


def downgrade() -> None:
    """The photos stay with what they belong to, under a moment the earlier release knows."""
    op.execute("UPDATE attachment SET moment = 'report' WHERE moment = 'message'")
    _check(WITHOUT)


def _check(moments: str) -> None:
    """New rows are checked at once; the old ones are read without a strong lock."""
    op.drop_constraint(op.f("ck_attachment_moment"), "attachment")
    op.execute(f"ALTER TABLE attachment ADD CONSTRAINT ck_attachment_moment CHECK ({moments}) NOT VALID")
    op.execute("ALTER TABLE attachment VALIDATE CONSTRAINT ck_attachment_moment")
