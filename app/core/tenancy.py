"""Row-level security and grants as statements, for the migrations (roles themselves: `core.roles`)."""

from __future__ import annotations

from collections.abc import Iterable

from app.core import roles

POLICY = "tenant"
APPEND_ONLY = ("audit_entry", "ticket_event")
EXTRA: list[str] = []  # statements areas add for what metadata cannot say (functions), run after the tables are made
EXTRA_DROPS: list[str] = []  # and what takes it back


def protect(tables: Iterable[str]) -> list[str]:
    """Statements that put tenant tables under row-level security and grant them to the application's roles.

    Without `app.institution` the setting is NULL and no row is seen (fails closed).
    """
    statements: list[str] = []
    for table in tables:
        grants = "SELECT, INSERT" if table in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY {POLICY} ON {table} "
            "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
            "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)",
            f"GRANT {grants} ON {table} TO {roles.APP}",
        ]
    return statements
