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
    """New rows are checked at once; the old ones are read in a transaction of their own, without a strong lock."""
    with op.get_context().autocommit_block():
        op.execute(
            "ALTER TABLE attachment DROP CONSTRAINT ck_attachment_moment, "
            f"ADD CONSTRAINT ck_attachment_moment CHECK ({moments}) NOT VALID"
        )
        op.execute("ALTER TABLE attachment VALIDATE CONSTRAINT ck_attachment_moment")
