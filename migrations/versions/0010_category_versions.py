"""Categories in versions: questions, demands, reach by place; tickets keep the version they were filed under.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TICKET_KEYS = ("category_version_id", "asked_version_id")


def upgrade() -> None:
    op.create_table(
        "category_version",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("hints", postgresql.JSONB(), nullable=True),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("auto_dispatch", sa.Boolean(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("emergency_phone", sa.Text(), nullable=True),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("impacts", postgresql.JSONB(), nullable=False),
        sa.Column("sla_policy", sa.Text(), nullable=True),
        sa.Column("price_class", sa.Text(), nullable=True),
        sa.Column("reply", postgresql.JSONB(), nullable=True),
        sa.Column("questions", postgresql.JSONB(), nullable=False),
        sa.Column("demands", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("price_class IN ('free', 'fault', 'charged')", name=op.f("ck_category_version_price_class")),
        _to("category_version", "category_id", "category"),
        _to("category_version", "trade_id", "trade"),
        _to("category_version", "made_by", "person"),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_category_version")),
        sa.UniqueConstraint("institution_id", "category_id", "number", name="uq_category_version"),
    )
    op.execute("ALTER TABLE category_version ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON category_version "
        "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
        "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
    )
    op.execute("GRANT SELECT, INSERT ON category_version TO houqin_app")
    # constant defaults: nothing is rewritten, and the version before this one goes on inserting
    op.add_column("category", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("category", sa.Column("draft", postgresql.JSONB(none_as_null=True), nullable=True))
    for name in TICKET_KEYS:
        op.add_column("ticket", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("ticket", sa.Column("answers", postgresql.JSONB(none_as_null=True), nullable=True))
    for name in TICKET_KEYS:
        # new rows are checked at once; the old ones hold null, which the second step reads without a strong lock
        op.execute(
            f"ALTER TABLE ticket ADD CONSTRAINT fk_ticket_institution_id_{name} FOREIGN KEY (institution_id, {name}) "
            "REFERENCES category_version (institution_id, id) NOT VALID"
        )
        op.execute(f"ALTER TABLE ticket VALIDATE CONSTRAINT fk_ticket_institution_id_{name}")
    # what stands becomes the first version; tickets filed before keep none: nothing was asked or demanded of them
    op.execute(
        "INSERT INTO category_version (institution_id, category_id, number, made_at, name, hints, trade_id, "
        "planned_minutes, auto_dispatch, emergency, emergency_phone, impact, impacts, questions, demands) "
        "SELECT institution_id, id, 1, now(), name, hints, trade_id, planned_minutes, auto_dispatch, emergency, "
        "emergency_phone, impact, '{}', '[]', '{}' FROM category"
    )
    op.execute("UPDATE category SET version = 1")


def downgrade() -> None:
    for name in TICKET_KEYS:
        op.drop_constraint(op.f(f"fk_ticket_institution_id_{name}"), "ticket")
    for name in ("answers", *TICKET_KEYS):
        op.drop_column("ticket", name)
    op.drop_column("category", "draft")
    op.drop_column("category", "version")
    op.drop_table("category_version")


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["institution_id", column],
        [f"{target}.institution_id", f"{target}.id"],
        name=op.f(f"fk_{table}_institution_id_{column}"),
    )
