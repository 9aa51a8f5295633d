"""The answer somebody was promised moves to a later day, and he is told: an event of its own.

Revision ID: 0033
Revises: 0032
"""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

NAME = "ck_feedback_event_kind"
BEFORE = ("file", "reply", "answer", "convert", "lapse", "note", "assign", "name", "escalate")
NOW = (*BEFORE, "postpone")


def upgrade() -> None:
    _allow(NOW)


def downgrade() -> None:
    op.execute("DELETE FROM feedback_event WHERE kind = 'postpone'")
    _allow(BEFORE)


def _allow(kinds: tuple[str, ...]) -> None:
    op.execute(f"ALTER TABLE feedback_event DROP CONSTRAINT {NAME}")
    # new rows are checked at once, the old ones without keeping anybody waiting
    op.execute(f"ALTER TABLE feedback_event ADD CONSTRAINT {NAME} CHECK (kind IN {kinds}) NOT VALID")
    op.execute(f"ALTER TABLE feedback_event VALIDATE CONSTRAINT {NAME}")
