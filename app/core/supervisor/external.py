"""Servers that somebody else runs: for platforms without wheels of them.

DATABASE_URL, OWNER_DATABASE_URL and REDIS_URL in the caller's environment name them. They take the place of
`embedded.Servers` under the supervisor; nothing of them is started or ended here. The database and its roles exist.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from app.core.launch import lock
from app.core.launch.servers import ServerError

NEEDED = ("DATABASE_URL", "OWNER_DATABASE_URL", "REDIS_URL")
TAKEN = (*NEEDED, "WORKER_DATABASE_URL", "DIRECT_DATABASE_URL", "REPORT_DATABASE_URL")


class ExternalServers:
    """The addresses of the caller's environment, and the lock of the data folder."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Keep the addresses."""
        self.folder = folder
        self._named = {name: environ[name] for name in TAKEN if environ.get(name)}
        self._lock = lock.Lock(folder)

    def start(self) -> Self:
        """Take the folder."""
        self._lock.take()
        (self.folder / "log").mkdir(exist_ok=True)
        return self

    def stop(self) -> None:
        """Give the folder free."""
        self._lock.release()

    def note(self, **facts: str) -> None:
        """Write facts into the lock."""
        self._lock.note(**facts)

    def check(self) -> list[str]:
        """Nothing of ours can have died."""
        return []

    def environment(self) -> dict[str, str]:
        """Return the settings as they were named."""
        return dict(self._named)

    def query(self, sql: str) -> str:
        """Run SQL as owner; return the first column, one value a line."""
        import psycopg  # noqa: PLC0415 - a package; the usual start goes without

        try:
            address = self._named["OWNER_DATABASE_URL"].replace("+psycopg", "", 1)
            with psycopg.connect(address, connect_timeout=10) as connection:
                rows = connection.execute(sql.encode()).fetchall()
        except psycopg.Error as error:
            raise ServerError(f"The database of OWNER_DATABASE_URL cannot be used: {error}") from error
        return "\n".join("" if row[0] is None else {True: "t", False: "f"}.get(row[0], str(row[0])) for row in rows)


def named(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether the caller names servers; some without the others is refused."""
    found = [name for name in NEEDED if environ.get(name)]
    if found and len(found) < len(NEEDED):
        missing = ", ".join(name for name in NEEDED if name not in found)
        raise ServerError(
            f"{', '.join(found)} is set but {missing} is not. Set all three to use servers of your own, or none: "
            f"unset {' '.join(found)}"
        )
    return bool(found)
