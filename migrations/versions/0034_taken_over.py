"""When a request was taken over from its first reporter, whose words, photos and room the next one is not shown (N8).

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket", sa.Column("taken_over_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        """
        UPDATE ticket SET taken_over_at = handed.at
        FROM (
            SELECT institution_id, ticket_id, max(at) AS at FROM ticket_event
            WHERE kind = 'handed_on' GROUP BY institution_id, ticket_id
        ) AS handed
        WHERE handed.institution_id = ticket.institution_id AND handed.ticket_id = ticket.id
        """
    )


def downgrade() -> None:
    op.drop_column("ticket", "taken_over_at")
