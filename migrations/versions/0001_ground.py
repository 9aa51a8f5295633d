"""The ground: every table of the first release, its row-level security, grants and the search function.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "absence",
    "api_token",
    "attachment",
    "audit_entry",
    "category",
    "crew",
    "crew_member",
    "duty_roster",
    "idempotency_key",
    "import_batch",
    "import_chunk",
    "import_mapping",
    "import_progress",
    "import_row",
    "kept_mail",
    "login_session",
    "notification",
    "notification_delivery",
    "notification_preference",
    "number_counter",
    "offer",
    "org_membership",
    "org_unit",
    "outbox_delivery",
    "outbox_event",
    "person",
    "person_home",
    "person_identifier",
    "place",
    "place_sticker",
    "role",
    "role_grant",
    "setting_value",
    "shift",
    "sign_in_failure",
    "technician_profile",
    "technician_trade",
    "technician_zone",
    "ticket",
    "ticket_event",
    "ticket_follower",
    "ticket_rating",
    "trade",
    "work_order",
)
APPEND_ONLY = ("audit_entry", "ticket_event")

# The search over a whole institution. Under row-level security an index serves leakproof operators only, so
# `grams @> …` could not use its index. The function runs as the owner, takes the institution from the transaction
# itself, never from an argument, and applies the viewer's scope and every other condition before its limit. Newest
# window first: a common word is found there at once; how often it stood there says how to go on.
SEARCH = r"""
CREATE FUNCTION ticket_search(
    patterns text[], wanted_grams text[], in_campuses bigint[], in_buildings bigint[], in_statuses text[],
    in_priorities text[], in_places bigint[], in_categories bigint[], before bigint, how_many integer)
RETURNS TABLE (id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = force_custom_plan
AS $search$
#variable_conflict use_column
DECLARE
    own integer := nullif(current_setting('app.institution', true), '')::integer;
    newest bigint;
    said integer;
    hits bigint[];
BEGIN
    IF own IS NULL OR cardinality(patterns) = 0 THEN
        RETURN;
    END IF;
    SELECT max(t.id) INTO newest FROM ticket t WHERE t.institution_id = own AND (before IS NULL OR t.id < before);
    SELECT count(*), coalesce(array_agg(t.id ORDER BY t.id DESC) FILTER (WHERE
        (in_campuses IS NULL OR t.campus_id = ANY (in_campuses) OR t.building_id = ANY (in_buildings))
        AND (in_statuses IS NULL OR t.status = ANY (in_statuses))
        AND (in_priorities IS NULL OR t.priority = ANY (in_priorities))
        AND (in_places IS NULL OR t.place_id = ANY (in_places) OR t.building_id = ANY (in_places)
            OR t.campus_id = ANY (in_places))
        AND (in_categories IS NULL OR t.category_id = ANY (in_categories))
), '{}')
        INTO said, hits
        FROM ticket t
        WHERE t.institution_id = own AND t.id > newest - 4000 AND t.id <= newest AND t.search LIKE ALL (patterns);
    RETURN QUERY SELECT unnest(hits[1:how_many]);
    IF cardinality(hits) >= how_many OR cardinality(wanted_grams) = 0 THEN
        RETURN;
    END IF;
    IF said < 40 THEN
        RETURN QUERY
            WITH t AS MATERIALIZED (
                SELECT * FROM ticket
                WHERE institution_id = own AND ticket.id <= newest - 4000 AND grams @> wanted_grams
                    AND search LIKE ALL (patterns)
            )
            SELECT t.id FROM t WHERE
        (in_campuses IS NULL OR t.campus_id = ANY (in_campuses) OR t.building_id = ANY (in_buildings))
        AND (in_statuses IS NULL OR t.status = ANY (in_statuses))
        AND (in_priorities IS NULL OR t.priority = ANY (in_priorities))
        AND (in_places IS NULL OR t.place_id = ANY (in_places) OR t.building_id = ANY (in_places)
            OR t.campus_id = ANY (in_places))
        AND (in_categories IS NULL OR t.category_id = ANY (in_categories))
 ORDER BY t.id DESC LIMIT how_many - cardinality(hits);
    ELSE
        RETURN QUERY
            SELECT t.id FROM ticket t
            WHERE t.institution_id = own AND t.id <= newest - 4000 AND t.grams @> wanted_grams
                AND t.search LIKE ALL (patterns) AND
        (in_campuses IS NULL OR t.campus_id = ANY (in_campuses) OR t.building_id = ANY (in_buildings))
        AND (in_statuses IS NULL OR t.status = ANY (in_statuses))
        AND (in_priorities IS NULL OR t.priority = ANY (in_priorities))
        AND (in_places IS NULL OR t.place_id = ANY (in_places) OR t.building_id = ANY (in_places)
            OR t.campus_id = ANY (in_places))
        AND (in_categories IS NULL OR t.category_id = ANY (in_categories))

            ORDER BY t.id DESC LIMIT how_many - cardinality(hits);
    END IF;
END
$search$
"""
SEARCH_RIGHTS = (
    "REVOKE ALL ON FUNCTION ticket_search(text[], text[], bigint[], bigint[], text[], text[], bigint[], bigint[], bigint, integer) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION ticket_search(text[], text[], bigint[], bigint[], text[], text[], bigint[], bigint[], bigint, integer) TO houqin_app",
)
SEARCH_DROP = "DROP FUNCTION IF EXISTS ticket_search(text[], text[], bigint[], bigint[], text[], text[], bigint[], bigint[], bigint, integer)"


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    _tables()
    for table in TENANT_TABLES:
        rights = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
            "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
        )
        op.execute(f"GRANT {rights} ON {table} TO houqin_app")
    op.execute(sa.text(SEARCH.replace(":", r"\:")))
    for statement in SEARCH_RIGHTS:
        op.execute(statement)
    op.execute("GRANT SELECT ON institution, alembic_version TO houqin_app")


def downgrade() -> None:
    op.execute(SEARCH_DROP)
    for table in (
        "ticket_event",
        "offer",
        "work_order",
        "ticket_rating",
        "ticket_follower",
        "ticket",
        "notification_delivery",
        "kept_mail",
        "import_row",
        "import_chunk",
        "technician_zone",
        "technician_trade",
        "technician_profile",
        "shift",
        "role_grant",
        "place_sticker",
        "person_identifier",
        "person_home",
        "outbox_delivery",
        "org_membership",
        "notification_preference",
        "notification",
        "login_session",
        "import_batch",
        "duty_roster",
        "crew_member",
        "category",
        "attachment",
        "api_token",
        "absence",
        "trade",
        "sign_in_failure",
        "setting_value",
        "role",
        "place",
        "person",
        "outbox_event",
        "org_unit",
        "number_counter",
        "institution",
        "import_progress",
        "import_mapping",
        "idempotency_key",
        "crew",
        "audit_entry",
    ):
        op.execute(f"DROP TABLE IF EXISTS {table} CASCADE")


def _tables() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("object_kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=True),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.Column("success", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_actor", "audit_entry", ["institution_id", "actor_id", "id"], unique=False)
    op.create_index(
        "ix_audit_entry_object", "audit_entry", ["institution_id", "object_kind", "object_id", "id"], unique=False
    )
    op.create_index("ix_audit_entry_verb", "audit_entry", ["institution_id", "verb", "id"], unique=False)
    op.create_table(
        "crew",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("contractor", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_crew")),
    )
    op.create_index(
        "uq_crew_code_valid",
        "crew",
        ["institution_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", postgresql.JSONB(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("institution_id", "subject", "key", name="uq_idempotency_key_subject_key"),
    )
    op.create_table(
        "import_mapping",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("columns", postgresql.JSONB(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_import_mapping")),
        sa.UniqueConstraint("institution_id", "kind", "signature", name="uq_import_mapping_signature"),
    )
    op.create_table(
        "import_progress",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_import_progress")),
        sa.UniqueConstraint("institution_id", "batch_id", name="uq_import_progress_batch"),
    )
    op.create_table(
        "institution",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("hosts", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("flags", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_institution")),
        sa.UniqueConstraint("code", name=op.f("uq_institution_code")),
    )
    op.create_table(
        "number_counter",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_number_counter")),
        sa.UniqueConstraint("institution_id", "kind", "year", name="uq_number_counter"),
    )
    op.create_table(
        "org_unit",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('college', 'major', 'class', 'year', 'department')", name=op.f("ck_org_unit_kind")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "parent_id"],
            ["org_unit.institution_id", "org_unit.id"],
            name=op.f("fk_org_unit_institution_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_org_unit")),
    )
    op.create_index(
        "uq_org_unit_code_valid",
        "org_unit",
        ["institution_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "outbox_event",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("v", sa.Integer(), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_outbox_event")),
        sa.UniqueConstraint("institution_id", "dedupe_key", name="uq_outbox_event_dedupe_key"),
    )
    op.create_table(
        "person",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=True),
        sa.Column("username", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merged_into_id", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("locale IS NULL OR locale IN ('zh-CN', 'en')", name=op.f("ck_person_locale")),
        sa.CheckConstraint("sex IN ('M', 'F', 'U')", name=op.f("ck_person_sex")),
        sa.ForeignKeyConstraint(
            ["institution_id", "merged_into_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_person_institution_id_merged_into_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_person")),
    )
    op.create_index("ix_person_name", "person", ["institution_id", "sort_key", "id"], unique=False)
    op.create_index(
        "uq_person_username", "person", ["institution_id", sa.literal_column("lower(username)")], unique=True
    )
    op.create_table(
        "place",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("campus_id", sa.BigInteger(), nullable=True),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("initials", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("sort_key", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("zone_name", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('campus', 'zone', 'building', 'unit', 'floor', 'room', 'outdoor', 'asset')",
            name=op.f("ck_place_kind"),
        ),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from IS NULL OR valid_from <= valid_to", name=op.f("ck_place_validity")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "building_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_place_institution_id_building_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campus_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_place_institution_id_campus_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "parent_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_place_institution_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_place")),
    )
    op.create_index("ix_place_building", "place", ["institution_id", "building_id"], unique=False)
    op.create_index("ix_place_campus", "place", ["institution_id", "campus_id"], unique=False)
    op.create_index("ix_place_parent", "place", ["institution_id", "parent_id", "sort_key", "id"], unique=False)
    op.create_index(
        "uq_place_code_valid",
        "place",
        ["institution_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "role",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("permissions", postgresql.JSONB(), nullable=False),
        sa.Column("seed", postgresql.JSONB(), nullable=True),
        sa.Column("staff", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_role")),
        sa.UniqueConstraint("institution_id", "code", name="uq_role_code"),
    )
    op.create_table(
        "setting_value",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_setting_value")),
    )
    op.create_index("ix_setting_value_name", "setting_value", ["institution_id", "name", "id"], unique=False)
    op.create_table(
        "sign_in_failure",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_address", "sign_in_failure", ["institution_id", "address", "at"], unique=False)
    op.create_index(
        "ix_sign_in_failure_username", "sign_in_failure", ["institution_id", "username", "at"], unique=False
    )
    op.create_table(
        "trade",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_trade")),
    )
    op.create_index(
        "uq_trade_code_valid",
        "trade",
        ["institution_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "absence",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_absence_order")),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_absence_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_person", "absence", ["institution_id", "person_id", "ends_at"], unique=False)
    op.create_table(
        "api_token",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_api_token_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("institution_id", "token_hash", name="uq_api_token_token_hash"),
    )
    op.create_index("ix_api_token_person", "api_token", ["institution_id", "person_id"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("thumb_key", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("sent_sha256", sa.Text(), nullable=False),
        sa.Column("original_name", sa.Text(), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(state = 'ready') = (thumb_key IS NOT NULL)", name=op.f("ck_attachment_ready_thumb")),
        sa.CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name=op.f("ck_attachment_refused_reason")),
        sa.CheckConstraint("moment IN ('report', 'before', 'after')", name=op.f("ck_attachment_moment")),
        sa.CheckConstraint("reason IN ('damaged', 'too_many_pixels', 'lost')", name=op.f("ck_attachment_reason")),
        sa.CheckConstraint("state IN ('quarantine', 'ready', 'refused')", name=op.f("ck_attachment_state")),
        sa.ForeignKeyConstraint(
            ["institution_id", "uploaded_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_attachment_institution_id_uploaded_by"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("institution_id", "key", name="uq_attachment_key"),
    )
    op.create_index(
        "ix_attachment_owner", "attachment", ["institution_id", "owner_kind", "owner_id", "id"], unique=False
    )
    op.create_index(
        "ix_attachment_waiting",
        "attachment",
        ["institution_id", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'quarantine'"),
    )
    op.create_index(
        "uq_attachment_sent",
        "attachment",
        ["institution_id", "owner_kind", "owner_id", "moment", "sent_sha256"],
        unique=True,
        postgresql_where=sa.text("state <> 'refused'"),
    )
    op.create_table(
        "category",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", postgresql.JSONB(), nullable=False),
        sa.Column("icon", sa.Text(), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("emergency_phone", sa.Text(), nullable=True),
        sa.Column("auto_dispatch", sa.Boolean(), nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("hints", postgresql.JSONB(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "impact IN ('room', 'floor', 'building', 'campus', 'safety')", name=op.f("ck_category_impact")
        ),
        sa.CheckConstraint("planned_minutes > 0", name=op.f("ck_category_planned_minutes")),
        sa.ForeignKeyConstraint(
            ["institution_id", "parent_id"],
            ["category.institution_id", "category.id"],
            name=op.f("fk_category_institution_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "trade_id"],
            ["trade.institution_id", "trade.id"],
            name=op.f("fk_category_institution_id_trade_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_category")),
    )
    op.create_index("ix_category_parent", "category", ["institution_id", "parent_id", "position", "id"], unique=False)
    op.create_index(
        "uq_category_code_valid",
        "category",
        ["institution_id", "code"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "crew_member",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("crew_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "crew_id"],
            ["crew.institution_id", "crew.id"],
            name=op.f("fk_crew_member_institution_id_crew_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_crew_member_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_crew_member")),
    )
    op.create_index("ix_crew_member_crew", "crew_member", ["institution_id", "crew_id"], unique=False)
    op.create_index("ix_crew_member_person", "crew_member", ["institution_id", "person_id"], unique=False)
    op.create_index(
        "uq_crew_member_valid",
        "crew_member",
        ["institution_id", "crew_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "duty_roster",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("campus_id", sa.BigInteger(), nullable=True),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ends_at IS NULL OR starts_at < ends_at", name=op.f("ck_duty_roster_order")),
        sa.ForeignKeyConstraint(
            ["institution_id", "campus_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_duty_roster_institution_id_campus_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_duty_roster_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "trade_id"],
            ["trade.institution_id", "trade.id"],
            name=op.f("fk_duty_roster_institution_id_trade_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_duty_roster")),
    )
    op.create_index("ix_duty_roster_person", "duty_roster", ["institution_id", "person_id"], unique=False)
    op.create_table(
        "import_batch",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("extent", sa.Text(), nullable=False),
        sa.Column("layout", postgresql.JSONB(), nullable=False),
        sa.Column("counts", postgresql.JSONB(), nullable=False),
        sa.Column("problem", postgresql.JSONB(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=True),
        sa.Column("plan_hash", sa.Text(), nullable=True),
        sa.Column("repeats_id", sa.BigInteger(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploaded_by", sa.BigInteger(), nullable=True),
        sa.Column("uploader", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_seconds", sa.Integer(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decider", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("source IN ('web', 'api', 'cli')", name=op.f("ck_import_batch_source")),
        sa.CheckConstraint(
            "state IN ('uploaded', 'asking', 'mapping', 'planning', 'planned', 'waiting', 'known', 'applying', 'applied', 'undoing', 'undone', 'returned', 'withdrawn', 'failed')",
            name=op.f("ck_import_batch_state"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "decided_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_import_batch_institution_id_decided_by"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "repeats_id"],
            ["import_batch.institution_id", "import_batch.id"],
            name=op.f("fk_import_batch_institution_id_repeats_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "undone_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_import_batch_institution_id_undone_by"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "uploaded_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_import_batch_institution_id_uploaded_by"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_content", "import_batch", ["institution_id", "kind", "content_hash"], unique=False)
    op.create_index("ix_import_batch_kind", "import_batch", ["institution_id", "kind", "id"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_seconds", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("device", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_login_session_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("institution_id", "token_hash", name="uq_login_session_token_hash"),
    )
    op.create_index("ix_login_session_person", "login_session", ["institution_id", "person_id"], unique=False)
    op.create_table(
        "notification",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_notification_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_notification")),
        sa.UniqueConstraint("institution_id", "person_id", "key", name="uq_notification_key"),
    )
    op.create_index("ix_notification_person", "notification", ["institution_id", "person_id", "id"], unique=False)
    op.create_index(
        "ix_notification_unread",
        "notification",
        ["institution_id", "person_id", "id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_table(
        "notification_preference",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.CheckConstraint("channel IN ('email')", name=op.f("ck_notification_preference_channel")),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_notification_preference_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_notification_preference")),
        sa.UniqueConstraint("institution_id", "person_id", "kind", "channel", name="uq_notification_preference"),
    )
    op.create_table(
        "org_membership",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("org_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("institution_id"), "="),
            (sa.column("person_id"), "="),
            (sa.column("org_unit_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_org_membership_once_at_a_time",
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "org_unit_id"],
            ["org_unit.institution_id", "org_unit.id"],
            name=op.f("fk_org_membership_institution_id_org_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_org_membership_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_org_membership")),
    )
    op.create_index("ix_org_membership_unit", "org_membership", ["institution_id", "org_unit_id"], unique=False)
    op.create_table(
        "outbox_delivery",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("handler", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "event_id"],
            ["outbox_event.institution_id", "outbox_event.id"],
            name=op.f("fk_outbox_delivery_institution_id_event_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_outbox_delivery")),
        sa.UniqueConstraint("institution_id", "event_id", "handler", name="uq_outbox_delivery_event_handler"),
    )
    op.create_index(
        "ix_outbox_delivery_due",
        "outbox_delivery",
        ["institution_id", "next_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_delivery_parked",
        "outbox_delivery",
        ["institution_id", "id"],
        unique=False,
        postgresql_where=sa.text("parked_at IS NOT NULL"),
    )
    op.create_table(
        "person_home",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("during", postgresql.DATERANGE(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("institution_id"), "="),
            (sa.column("person_id"), "="),
            (sa.column("during"), "&&"),
            using="gist",
            name="ex_person_home_one_at_a_time",
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_person_home_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "place_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_person_home_institution_id_place_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_person_home")),
    )
    op.create_index("ix_person_home_place", "person_home", ["institution_id", "place_id"], unique=False)
    op.create_table(
        "person_identifier",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("last_four", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('student_no', 'staff_no', 'identity_document')", name=op.f("ck_person_identifier_kind")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_person_identifier_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_person_identifier")),
    )
    op.create_index("ix_person_identifier_person", "person_identifier", ["institution_id", "person_id"], unique=False)
    op.create_index(
        "uq_person_identifier_valid",
        "person_identifier",
        ["institution_id", "kind", "value"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "place_sticker",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "place_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_place_sticker_institution_id_place_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_place_sticker")),
        sa.UniqueConstraint("institution_id", "token_hash", name="uq_place_sticker_token_hash"),
    )
    op.create_index("ix_place_sticker_place", "place_sticker", ["institution_id", "place_id"], unique=False)
    op.create_table(
        "role_grant",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("scope_kind", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.BigInteger(), nullable=True),
        sa.Column("granted_by", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(scope_id IS NULL) = (scope_kind IN ('institution', 'own'))", name=op.f("ck_role_grant_scope_id")
        ),
        sa.CheckConstraint(
            "scope_kind IN ('institution', 'campus', 'building', 'crew', 'org', 'own')",
            name=op.f("ck_role_grant_scope_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_role_grant_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "role_id"],
            ["role.institution_id", "role.id"],
            name=op.f("fk_role_grant_institution_id_role_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_role_grant")),
    )
    op.create_index("ix_role_grant_person", "role_grant", ["institution_id", "person_id"], unique=False)
    op.create_index(
        "uq_role_grant_valid",
        "role_grant",
        ["institution_id", "person_id", "role_id", "scope_kind", sa.literal_column("coalesce(scope_id, 0)")],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
    )
    op.create_table(
        "shift",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("starts", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('duty', 'on_call')", name=op.f("ck_shift_kind")),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_shift_weekday")),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_shift_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_person", "shift", ["institution_id", "person_id", "weekday"], unique=False)
    op.create_table(
        "technician_profile",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("cap", sa.Integer(), nullable=False),
        sa.Column("last_offer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("cap >= 0", name=op.f("ck_technician_profile_cap")),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_technician_profile_institution_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_technician_profile")),
        sa.UniqueConstraint("institution_id", "person_id", name="uq_technician_profile_person"),
    )
    op.create_table(
        "technician_trade",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name=op.f("ck_technician_trade_level")),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_technician_trade_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "trade_id"],
            ["trade.institution_id", "trade.id"],
            name=op.f("fk_technician_trade_institution_id_trade_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_technician_trade")),
        sa.UniqueConstraint("institution_id", "person_id", "trade_id", name="uq_technician_trade"),
    )
    op.create_index(
        "ix_technician_trade_trade", "technician_trade", ["institution_id", "trade_id", "person_id"], unique=False
    )
    op.create_table(
        "technician_zone",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_technician_zone_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "place_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_technician_zone_institution_id_place_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_technician_zone")),
        sa.UniqueConstraint("institution_id", "person_id", "place_id", name="uq_technician_zone"),
    )
    op.create_table(
        "import_chunk",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "batch_id"],
            ["import_batch.institution_id", "import_batch.id"],
            name=op.f("fk_import_chunk_institution_id_batch_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_import_chunk")),
        sa.UniqueConstraint("institution_id", "batch_id", "place", name="uq_import_chunk_place"),
    )
    op.create_table(
        "import_row",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("diff", postgresql.JSONB(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("reasons", postgresql.JSONB(), nullable=False),
        sa.Column("remarks", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('new', 'changed', 'same', 'missing', 'refused')", name=op.f("ck_import_row_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "batch_id"],
            ["import_batch.institution_id", "import_batch.id"],
            name=op.f("fk_import_row_institution_id_batch_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_import_row")),
    )
    op.create_index("ix_import_row_batch", "import_row", ["institution_id", "batch_id", "outcome", "id"], unique=False)
    op.create_table(
        "kept_mail",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("notification_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("to_name", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "notification_id"],
            ["notification.institution_id", "notification.id"],
            name=op.f("fk_kept_mail_institution_id_notification_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_kept_mail")),
        sa.UniqueConstraint("institution_id", "message_id", name="uq_kept_mail_message_id"),
    )
    op.create_table(
        "notification_delivery",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("notification_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("channel IN ('email')", name=op.f("ck_notification_delivery_channel")),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'kept', 'refused')", name=op.f("ck_notification_delivery_state")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "notification_id"],
            ["notification.institution_id", "notification.id"],
            name=op.f("fk_notification_delivery_institution_id_notification_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_notification_delivery")),
        sa.UniqueConstraint("institution_id", "notification_id", "channel", name="uq_notification_delivery_channel"),
    )
    op.create_index("ix_notification_delivery_id", "notification_delivery", ["institution_id", "id"], unique=False)
    op.create_table(
        "ticket",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("state_before", sa.Text(), nullable=True),
        sa.Column("asked_from", sa.Text(), nullable=True),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("place_text", sa.Text(), nullable=True),
        sa.Column("campus_id", sa.BigInteger(), nullable=True),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=True),
        sa.Column("on_behalf_by", sa.BigInteger(), nullable=True),
        sa.Column("contact_name", sa.Text(), nullable=True),
        sa.Column("contact_phone", sa.Text(), nullable=True),
        sa.Column("may_enter", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("promised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("not_fixed_count", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("grams", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(
            "asked_from IN ('submitted', 'needs_info', 'accepted', 'in_service', 'resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')",
            name=op.f("ck_ticket_asked_from"),
        ),
        sa.CheckConstraint(
            "impact IN ('room', 'floor', 'building', 'campus', 'safety')", name=op.f("ck_ticket_impact")
        ),
        sa.CheckConstraint("origin IN ('web', 'qr', 'api')", name=op.f("ck_ticket_origin")),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'emergency')", name=op.f("ck_ticket_priority")),
        sa.CheckConstraint(
            "state_before IN ('submitted', 'needs_info', 'accepted', 'in_service', 'resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')",
            name=op.f("ck_ticket_state_before"),
        ),
        sa.CheckConstraint(
            "status IN ('submitted', 'needs_info', 'accepted', 'in_service', 'resolved', 'closed', 'rejected', 'duplicate', 'withdrawn')",
            name=op.f("ck_ticket_status"),
        ),
        sa.CheckConstraint("urgency IN ('low', 'normal', 'high', 'emergency')", name=op.f("ck_ticket_urgency")),
        sa.CheckConstraint("cycle >= 1 AND version >= 1", name=op.f("ck_ticket_counts")),
        sa.CheckConstraint("place_id IS NOT NULL OR place_text IS NOT NULL", name=op.f("ck_ticket_place")),
        sa.ForeignKeyConstraint(
            ["institution_id", "building_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_ticket_institution_id_building_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campus_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_ticket_institution_id_campus_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "category_id"],
            ["category.institution_id", "category.id"],
            name=op.f("fk_ticket_institution_id_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "on_behalf_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_ticket_institution_id_on_behalf_by"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "place_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_ticket_institution_id_place_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "reporter_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_ticket_institution_id_reporter_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("institution_id", "number", name="uq_ticket_number"),
    )
    op.create_index("ix_ticket_building", "ticket", ["institution_id", "building_id", "id"], unique=False)
    op.create_index("ix_ticket_campus", "ticket", ["institution_id", "campus_id", "id"], unique=False)
    op.create_index("ix_ticket_category", "ticket", ["institution_id", "category_id", "id"], unique=False)
    op.create_index(
        "ix_ticket_grams",
        "ticket",
        ["grams"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": "256"},
    )
    op.create_index(
        "ix_ticket_open",
        "ticket",
        ["institution_id", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('accepted', 'in_service', 'needs_info', 'submitted')"),
    )
    op.create_index("ix_ticket_place", "ticket", ["institution_id", "place_id", "id"], unique=False)
    op.create_index("ix_ticket_reporter", "ticket", ["institution_id", "reporter_id", "id"], unique=False)
    op.create_index("ix_ticket_status", "ticket", ["institution_id", "status", "id"], unique=False)
    op.create_table(
        "ticket_follower",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_ticket_follower_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "ticket_id"],
            ["ticket.institution_id", "ticket.id"],
            name=op.f("fk_ticket_follower_institution_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ticket_follower")),
        sa.UniqueConstraint("institution_id", "ticket_id", "person_id", name="uq_ticket_follower"),
    )
    op.create_index(
        "ix_ticket_follower_person", "ticket_follower", ["institution_id", "person_id", "ticket_id"], unique=False
    )
    op.create_table(
        "ticket_rating",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("speed", sa.SmallInteger(), nullable=False),
        sa.Column("manner", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "quality BETWEEN 1 AND 5 AND speed BETWEEN 1 AND 5 AND manner BETWEEN 1 AND 5",
            name=op.f("ck_ticket_rating_stars"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_ticket_rating_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "ticket_id"],
            ["ticket.institution_id", "ticket.id"],
            name=op.f("fk_ticket_rating_institution_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ticket_rating")),
        sa.UniqueConstraint("institution_id", "ticket_id", "person_id", "cycle", name="uq_ticket_rating"),
    )
    op.create_table(
        "work_order",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("campus_id", sa.BigInteger(), nullable=True),
        sa.Column("building_id", sa.BigInteger(), nullable=True),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("dispatcher_id", sa.BigInteger(), nullable=True),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column("hold_reason", sa.Text(), nullable=True),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rework_of_id", sa.BigInteger(), nullable=True),
        sa.Column("after_id", sa.BigInteger(), nullable=True),
        sa.Column("waiting", sa.Text(), nullable=True),
        sa.Column("lead_called_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pooled", sa.Boolean(), nullable=False),
        sa.Column("worked", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'offered') = (offered_until IS NOT NULL)", name=op.f("ck_work_order_offered_until")
        ),
        sa.CheckConstraint("kind IN ('corrective', 'rework')", name=op.f("ck_work_order_kind")),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high', 'emergency')", name=op.f("ck_work_order_priority")),
        sa.CheckConstraint(
            "state IN ('planned', 'queued', 'offered', 'accepted', 'en_route', 'working', 'on_hold', 'done', 'verified', 'closed', 'cancelled')",
            name=op.f("ck_work_order_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('offered', 'accepted', 'en_route', 'working', 'done') OR assignee_id IS NOT NULL",
            name=op.f("ck_work_order_somebodys"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('planned', 'queued') OR assignee_id IS NULL", name=op.f("ck_work_order_nobodys")
        ),
        sa.CheckConstraint("waiting IN ('nobody_eligible', 'dispatcher')", name=op.f("ck_work_order_waiting")),
        sa.CheckConstraint("planned_minutes > 0 AND version >= 1 AND cycle >= 1", name=op.f("ck_work_order_counts")),
        sa.ForeignKeyConstraint(
            ["institution_id", "after_id"],
            ["work_order.institution_id", "work_order.id"],
            name=op.f("fk_work_order_institution_id_after_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "assignee_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_work_order_institution_id_assignee_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "building_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_work_order_institution_id_building_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "campus_id"],
            ["place.institution_id", "place.id"],
            name=op.f("fk_work_order_institution_id_campus_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "dispatcher_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_work_order_institution_id_dispatcher_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "rework_of_id"],
            ["work_order.institution_id", "work_order.id"],
            name=op.f("fk_work_order_institution_id_rework_of_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "ticket_id"],
            ["ticket.institution_id", "ticket.id"],
            name=op.f("fk_work_order_institution_id_ticket_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "trade_id"],
            ["trade.institution_id", "trade.id"],
            name=op.f("fk_work_order_institution_id_trade_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("institution_id", "number", name="uq_work_order_number"),
    )
    op.create_index("ix_work_order_assignee", "work_order", ["institution_id", "assignee_id", "id"], unique=False)
    op.create_index(
        "ix_work_order_assignee_ticket", "work_order", ["institution_id", "assignee_id", "ticket_id"], unique=False
    )
    op.create_index("ix_work_order_building", "work_order", ["institution_id", "building_id", "id"], unique=False)
    op.create_index("ix_work_order_campus", "work_order", ["institution_id", "campus_id", "id"], unique=False)
    op.create_index(
        "ix_work_order_mine",
        "work_order",
        ["institution_id", "assignee_id", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('accepted', 'en_route', 'offered', 'on_hold', 'working')"),
    )
    op.create_index(
        "ix_work_order_open",
        "work_order",
        ["institution_id", "state", "id"],
        unique=False,
        postgresql_where=sa.text(
            "state IN ('accepted', 'en_route', 'offered', 'on_hold', 'planned', 'queued', 'working')"
        ),
    )
    op.create_index("ix_work_order_ticket", "work_order", ["institution_id", "ticket_id", "id"], unique=False)
    op.create_table(
        "offer",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=True),
        sa.Column("override", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("why", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('accepted', 'declined', 'expired', 'revoked', 'replaced', 'suspended', 'cancelled')",
            name=op.f("ck_offer_outcome"),
        ),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name=op.f("ck_offer_ended")),
        sa.ForeignKeyConstraint(
            ["institution_id", "made_by"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_offer_institution_id_made_by"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "order_id"],
            ["work_order.institution_id", "work_order.id"],
            name=op.f("fk_offer_institution_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_offer_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "ticket_id"],
            ["ticket.institution_id", "ticket.id"],
            name=op.f("fk_offer_institution_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_offer")),
    )
    op.create_index("ix_offer_order", "offer", ["institution_id", "order_id", "id"], unique=False)
    op.create_index("ix_offer_person", "offer", ["institution_id", "person_id", "order_id"], unique=False)
    op.create_index("ix_offer_person_ticket", "offer", ["institution_id", "person_id", "ticket_id"], unique=False)
    op.create_index(
        "uq_offer_live",
        "offer",
        ["institution_id", "order_id"],
        unique=True,
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "ticket_event",
        sa.Column("institution_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "(from_state IS NULL AND to_state IS NULL) OR (order_id IS NULL AND (kind || ':' || coalesce(from_state, '') || ':' || to_state) IN ('file::submitted', 'accept:submitted:accepted', 'ask:submitted:needs_info', 'ask:accepted:needs_info', 'answer:needs_info:submitted', 'answer:needs_info:accepted', 'no_answer:needs_info:rejected', 'reject:submitted:rejected', 'reject:needs_info:rejected', 'reject:accepted:rejected', 'reject:in_service:rejected', 'reconsider:rejected:submitted', 'reconsider:rejected:needs_info', 'reconsider:rejected:accepted', 'merge:submitted:duplicate', 'merge:needs_info:duplicate', 'merge:accepted:duplicate', 'merge:in_service:duplicate', 'unmerge:duplicate:submitted', 'unmerge:duplicate:needs_info', 'unmerge:duplicate:accepted', 'withdraw:submitted:withdrawn', 'withdraw:needs_info:withdrawn', 'withdraw:accepted:withdrawn', 'withdraw:in_service:withdrawn', 'order_accepted:accepted:in_service', 'all_done:in_service:resolved', 'confirm:resolved:closed', 'accept_third:resolved:closed', 'default:resolved:closed', 'not_fixed:resolved:in_service', 'not_fixed:closed:in_service')) OR (order_id IS NOT NULL AND (kind || ':' || coalesce(from_state, '') || ':' || to_state) IN ('open::planned', 'queue:planned:queued', 'offer:queued:offered', 'offer:offered:offered', 'accept:offered:accepted', 'decline:offered:queued', 'expire:offered:queued', 'revoke:offered:queued', 'grab:queued:accepted', 'hold:queued:on_hold', 'hold:accepted:on_hold', 'hold:en_route:on_hold', 'hold:working:on_hold', 'suspend:queued:planned', 'suspend:offered:planned', 'leave:accepted:en_route', 'leave:on_hold:en_route', 'start:accepted:working', 'start:en_route:working', 'start:on_hold:working', 'give_back:accepted:queued', 'give_back:en_route:queued', 'give_back:working:queued', 'give_back:on_hold:queued', 'reassign:accepted:offered', 'reassign:en_route:offered', 'reassign:working:offered', 'reassign:on_hold:offered', 'requeue:on_hold:queued', 'done:working:done', 'cancel:planned:cancelled', 'cancel:queued:cancelled', 'cancel:offered:cancelled', 'cancel:accepted:cancelled', 'cancel:en_route:cancelled', 'cancel:working:cancelled', 'cancel:on_hold:cancelled', 'verify:done:verified', 'reworked:done:closed', 'close:verified:closed'))",
            name=op.f("ck_ticket_event_move"),
        ),
        sa.CheckConstraint("audience IN ('everyone', 'crew', 'staff')", name=op.f("ck_ticket_event_audience")),
        sa.ForeignKeyConstraint(
            ["institution_id", "actor_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_ticket_event_institution_id_actor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "order_id"],
            ["work_order.institution_id", "work_order.id"],
            name=op.f("fk_ticket_event_institution_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "person_id"],
            ["person.institution_id", "person.id"],
            name=op.f("fk_ticket_event_institution_id_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id", "ticket_id"],
            ["ticket.institution_id", "ticket.id"],
            name=op.f("fk_ticket_event_institution_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("institution_id", "id", name=op.f("pk_ticket_event")),
    )
    op.create_index("ix_ticket_event_ticket", "ticket_event", ["institution_id", "ticket_id", "id"], unique=False)
