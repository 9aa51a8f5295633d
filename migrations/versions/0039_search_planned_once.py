"""The search keeps its plans; the one statement whose best way depends on how common the word is, is planned anew.

Planning all three anew at each search cost as much as looking at the newest thousand.

Revision ID: 0039
Revises: 0038
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SIGNATURE = (
    "ticket_search(patterns text[], wanted_grams text[], in_campuses bigint[], in_buildings bigint[], "
    "in_statuses text[], in_priorities text[], in_places bigint[], in_categories bigint[], before bigint, "
    "how_many integer)"
)
HEAD = f"""
CREATE OR REPLACE FUNCTION {SIGNATURE}
RETURNS TABLE (id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp
SET plan_cache_mode = {{mode}}
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
    SELECT max(t.id) INTO newest FROM ticket t
        WHERE t.institution_id = own AND t.id < coalesce(before, 9223372036854775807);
    SELECT count(*), coalesce(array_agg(t.id ORDER BY t.id DESC) FILTER (WHERE {{filters}}), '{{{{}}}}')
        INTO said, hits
        FROM ticket t
        WHERE t.institution_id = own AND t.id > newest - 1000 AND t.id <= newest AND t.search LIKE ALL (patterns);
    RETURN QUERY SELECT unnest(hits[1:how_many]);
    IF cardinality(hits) >= how_many OR cardinality(wanted_grams) = 0 THEN
        RETURN;
    END IF;
    IF said < 10 THEN
        RETURN QUERY
            WITH t AS MATERIALIZED (
                SELECT * FROM ticket
                WHERE grams @> wanted_grams AND search LIKE ALL (patterns)
                    -- + 0: found by its grams alone. A plan for all values knows neither the word nor the
                    -- institution, and would read all ids of one besides (13 ms at 300,000 requests, 0.6 so)
                    AND institution_id + 0 = own AND ticket.id + 0 <= newest - 1000
            )
            SELECT t.id FROM t WHERE {{filters}} ORDER BY t.id DESC LIMIT how_many - cardinality(hits);
    ELSE
        {{walk}}
    END IF;
END
$search$
"""  # noqa: S608 - no input
FILTERS = """
    (in_campuses IS NULL OR t.campus_id = ANY (in_campuses) OR t.building_id = ANY (in_buildings))
    AND (in_statuses IS NULL OR t.status = ANY (in_statuses))
    AND (in_priorities IS NULL OR t.priority = ANY (in_priorities))
    AND (in_places IS NULL OR t.place_id = ANY (in_places) OR t.building_id = ANY (in_places)
        OR t.campus_id = ANY (in_places))
    AND (in_categories IS NULL OR t.category_id = ANY (in_categories))
"""
WALK = f"""
    SELECT t.id FROM ticket t
    WHERE t.institution_id = own AND t.id <= newest - 1000 AND t.grams @> wanted_grams
        AND t.search LIKE ALL (patterns) AND {FILTERS}
    ORDER BY t.id DESC LIMIT how_many - cardinality(hits)
"""  # noqa: S608 - no input
GIVEN = (
    "in_categories", "in_priorities", "in_buildings", "wanted_grams", "in_campuses", "in_statuses", "in_places",
    "how_many", "patterns", "newest", "hits", "own",
)  # fmt: skip


def _numbered(statement: str) -> str:
    """The statement as EXECUTE wants it: its values by number."""
    for place, name in enumerate(GIVEN, 1):
        statement = re.sub(rf"\b{name}\b", f"${place}", statement)
    return statement


def upgrade() -> None:
    walk = f"RETURN QUERY EXECUTE $walk${_numbered(WALK)}$walk$ USING {', '.join(GIVEN)};"
    op.execute(sa.text(HEAD.format(mode="force_generic_plan", filters=FILTERS, walk=walk)))


def downgrade() -> None:
    op.execute(sa.text(HEAD.format(mode="force_custom_plan", filters=FILTERS, walk=f"RETURN QUERY {WALK};")))
