"""The database roles, as SQL that a superuser runs; it may be run again at any time.

`houqin_owner` owns the tables (migrations, backup). `houqin_web` and `houqin_worker` connect and are members of
`houqin_app`, which holds the grants; none of the three owns anything, so row-level security binds them. Their time
limits hang on the role, since a transaction pooler forbids settings of the session.

`python3 -m app.core.roles` prints it all for a server of your own, the database included; so does `flask db roles`.
"""

from __future__ import annotations

import sys

OWNER = "houqin_owner"
APP = "houqin_app"
WEB = "houqin_web"
WORKER = "houqin_worker"

LIMITS = {
    WEB: {"idle_in_transaction_session_timeout": "5s", "lock_timeout": "2s", "statement_timeout": "5s"},
    WORKER: {"idle_in_transaction_session_timeout": "15s", "lock_timeout": "2s", "statement_timeout": "60s"},
}


def statements() -> list[str]:
    """Return the statements that create what is missing and set every limit; no passwords: the operator sets those."""
    found = "SELECT FROM pg_roles WHERE rolname"
    lines = [
        f"DO $$ BEGIN IF NOT EXISTS ({found} = '{role}') THEN CREATE ROLE {role} {option}; END IF; END $$;"
        for role, option in ((OWNER, "LOGIN"), (APP, "NOLOGIN"), (WEB, "LOGIN"), (WORKER, "LOGIN"))
    ]
    lines.append(f"GRANT {APP} TO {WEB}, {WORKER};")
    for role, limits in LIMITS.items():
        lines += [f"ALTER ROLE {role} SET {name} = '{value}';" for name, value in limits.items()]
    return lines


def script() -> str:
    """Return everything a superuser feeds to psql before the first migration; passwords are left to the operator."""
    database = (
        f"CREATE DATABASE houqin OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin "
        "BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';"
    )
    words = f"-- Then set passwords: \\password {OWNER}, \\password {WEB}, \\password {WORKER}"
    return "\n".join([*statements(), "-- Once:", database, words, ""])


if __name__ == "__main__":
    sys.stdout.write(script())
