"""What every migration does for a new tenant table: row-level security and the application's grants (rule 9)."""

from __future__ import annotations

from alembic import op


def guard(table: str, *, append_only: bool = False) -> None:
    """Put a table behind its institution; `append_only`: the application may insert and read, nothing else."""
    rights = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} "
        "USING (institution_id = nullif(current_setting('app.institution', true), '')::int) "
        "WITH CHECK (institution_id = nullif(current_setting('app.institution', true), '')::int)"
    )
    op.execute(f"GRANT {rights} ON {table} TO houqin_app")
