"""Rows of figures, kept: a year of reports reads them instead of the history. Filled by the worker, step by step.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.tenancy import guard

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

SOURCES = "source IN ('responses', 'clocks', 'cycles', 'done', 'closings', 'filings')"
NUMBERS = ("work", "raw", "total")
ANSWERS = ("kept", "excused", "restored", "corrective", "final", "promise_kept", "promise_excused")


def _own() -> tuple[sa.Column, sa.Column]:
    return (
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
    )


def upgrade() -> None:
    op.create_table(
        "figure_row",
        *_own(),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger()),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("held_on", sa.Date()),
        sa.Column("holder_id", sa.BigInteger()),
        sa.Column("campus_id", sa.BigInteger()),
        sa.Column("building_id", sa.BigInteger()),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("own_trade_id", sa.BigInteger()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        *(sa.Column(name, sa.Integer()) for name in NUMBERS),
        *(sa.Column(name, sa.Boolean()) for name in ANSWERS),
        sa.Column("not_fixed", sa.Integer()),
        sa.Column("reopened", sa.Boolean()),
        sa.Column("asked", sa.Boolean()),
        *(sa.Column(name, sa.Integer()) for name in ("stars", "visits", "in_vain", "moved", "offers", "taken")),
        sa.Column("named", sa.Boolean()),
        sa.CheckConstraint(SOURCES, name=op.f("ck_figure_row_source")),
        sa.ForeignKeyConstraint(
            ["institution_id", "ticket_id"],
            ["ticket.institution_id", "ticket.id"],
            name=op.f("fk_figure_row_institution_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_figure_row")),
        sa.UniqueConstraint("institution_id", "ticket_id", "source", "row_id", name="uq_figure_row_of"),
    )
    op.create_index("ix_figure_row_day", "figure_row", ["institution_id", "source", "day"])
    op.create_table(
        "figure_mark",
        *_own(),
        sa.Column("until", sa.DateTime(timezone=True)),
        sa.Column("zones", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_figure_mark")),
        sa.UniqueConstraint("institution_id", name="uq_figure_mark"),
    )
    guard("figure_row")
    guard("figure_mark")


def downgrade() -> None:
    op.drop_table("figure_mark")
    op.drop_table("figure_row")
