"""A new institution: its row, written by the owner of the tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import create_engine, pool, text

from app.core.errors import Rejected
from app.core.institution import forget_institutions

CODE = re.compile(r"^[a-z][a-z0-9-]{1,30}$")


def create(
    owner_url: str, *, code: str, name: dict[str, str], hosts: Sequence[str] = (), flags: dict[str, Any] | None = None
) -> int:
    """Write the row of a new institution and return its id; the application's roles may only read that table.

    `owner_url` connects as the owner. Its own transaction: the caller seeds the roles afterwards (`rights.sync_roles`).
    Raises Rejected for a code of another form or one that is taken.
    """
    if not CODE.match(code):
        raise Rejected("The code must be 2 to 31 small letters, digits and hyphens, beginning with a letter.")
    engine = create_engine(owner_url, poolclass=pool.NullPool)
    try:
        with engine.begin() as connection:
            made = connection.execute(
                text(
                    "INSERT INTO institution (code, name, hosts, flags) "
                    "VALUES (:code, CAST(:name AS jsonb), :hosts, CAST(:flags AS jsonb)) "
                    "ON CONFLICT (code) DO NOTHING RETURNING id"
                ),
                {
                    "code": code,
                    "name": orjson.dumps(name).decode(),
                    "hosts": [host.lower() for host in hosts],
                    "flags": orjson.dumps(flags or {}).decode(),
                },
            ).scalar()
    finally:
        engine.dispose()
    if made is None:
        raise Rejected("There is an institution with this code already.")
    forget_institutions()
    return int(made)
