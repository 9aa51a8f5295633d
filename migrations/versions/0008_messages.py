"""Messages between reporter, crew and desk: an audience that leaves the followers out.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = "ck_ticket_event_audience"


def upgrade() -> None:
    _check("audience IN ('everyone', 'reporter', 'crew', 'staff')")


def downgrade() -> None:
    # what was meant for the reporter alone is for the crew from here on: never for more people than before
    op.execute("UPDATE ticket_event SET audience = 'crew' WHERE audience = 'reporter'")
    _check("audience IN ('everyone', 'crew', 'staff')")


def _check(condition: str) -> None:
    """Exchange the check without reading the table under a lock that stops writers."""
    op.execute(f"ALTER TABLE ticket_event DROP CONSTRAINT {NAME}")
    op.execute(f"ALTER TABLE ticket_event ADD CONSTRAINT {NAME} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE ticket_event VALIDATE CONSTRAINT {NAME}")
